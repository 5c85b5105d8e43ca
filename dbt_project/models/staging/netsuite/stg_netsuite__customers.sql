with

customers as (select * from {{ latest(source('raw_netsuite', 'customer'), 'id') }}),

connections as (select * from {{ ref('stg_tieout__connections') }}),

currencies as (select * from {{ ref('stg_netsuite__currencies') }}),

terms as (select * from {{ latest(source('raw_netsuite', 'term'), 'id') }}),

read as (
    select
        customers.connection,
        customers.id as customer_id,
        {{ key('netsuite', 'customers.connection', 'customers.id') }} as customer_key,
        customers.entityid as customer_number,
        coalesce(
            nullif(trim(customers.companyname), ''),
            nullif(trim(coalesce(customers.firstname, '') || ' ' || coalesce(customers.lastname, '')), ''),
            nullif(trim(customers.altname), ''),
            customers.entityid,
            customers.id
        ) as customer_name,
        {{ key('netsuite', 'customers.connection', 'nullif(customers.parent, customers.id)') }} as parent_customer_key,
        coalesce(customers.isperson, false) as is_person,
        customers.email,
        customers.phone,
        coalesce(customers.altphone, customers.mobilephone) as alternate_phone,
        customers.fax,
        customers.url as website,
        currencies.currency,
        terms.name as terms,
        {{ money('customers.creditlimit') }} as credit_limit,
        coalesce(customers.category_name, customers.category) as segment,
        customers.comments as notes,
        customers.externalid as external_id,
        coalesce(customers.isinactive, false) as is_inactive,
        customers.custom_fields,
        coalesce(customers.is_gone, false) as is_deleted,
        customers.lastmodifieddate as modified_at,
        customers.first_seen_at
    from customers
    left join currencies
        on
            customers.connection = currencies.connection
            and customers.currency = currencies.currency_id
    left join terms
        on
            customers.connection = terms.connection
            and customers.terms = terms.id
            and terms.version_rank = 1
    left join connections on customers.connection = connections.connection
    where customers.version_rank = 1 and coalesce(connections.has_customers, true)
)

select * from read
