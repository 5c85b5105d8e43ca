with

customers as (select * from {{ latest(source('raw_quickbooks', 'customer'), 'id') }}),

terms as (select * from {{ latest(source('raw_quickbooks', 'term'), 'id') }}),

connections as (select * from {{ ref('stg_tieout__connections') }}),

preferences as (select * from {{ ref('stg_quickbooks__preferences') }}),

named as (
    select
        customers.*,
        coalesce(
            nullif(trim(customers.display_name), ''),
            nullif(trim(customers.fully_qualified_name), ''),
            nullif(trim(customers.company_name), ''),
            customers.id
        ) as shown_name,
        nullif(trim(coalesce(customers.given_name, '') || ' ' || coalesce(customers.family_name, '')), '') as person_name
    from customers
    where customers.version_rank = 1
),

read as (
    select
        named.connection,
        named.id as customer_id,
        {{ key('quickbooks', 'named.connection', 'named.id') }} as customer_key,
        -- QuickBooks knows no customer number: people know a customer by its name, or (if so set) by its contact's.
        case
            when coalesce(preferences.has_contact_name_as_reference, false) then coalesce(named.person_name, named.shown_name)
            else named.shown_name
        end as customer_number,
        named.shown_name as customer_name,
        {{ key('quickbooks', 'named.connection', 'nullif(named.parent, named.id)') }} as parent_customer_key,
        named.person_name is not null and nullif(trim(named.company_name), '') is null and not coalesce(named.job, false) as is_person,
        named.email,
        coalesce(named.primary_phone, named.alternate_phone, named.mobile) as phone,
        coalesce(named.alternate_phone, named.mobile) as alternate_phone,
        cast(null as {{ dbt.type_string() }}) as fax,
        cast(null as {{ dbt.type_string() }}) as website,
        coalesce(upper(named.currency), preferences.home_currency) as currency,
        terms.name as terms,
        cast(null as decimal(18, 4)) as credit_limit,
        cast(null as {{ dbt.type_string() }}) as segment,
        named.notes,
        cast(null as {{ dbt.type_string() }}) as external_id,
        not coalesce(named.active, true) as is_inactive,
        cast(null as {{ dbt.type_string() }}) as custom_fields,
        coalesce(named.is_gone, false) as is_deleted,
        named.last_updated_time as modified_at,
        named.first_seen_at
    from named
    left join terms
        on
            named.connection = terms.connection
            and named.sales_term = terms.id
            and terms.version_rank = 1
    left join connections on named.connection = connections.connection
    left join preferences on named.connection = preferences.connection
    where coalesce(connections.has_customers, true)
)

select * from read
