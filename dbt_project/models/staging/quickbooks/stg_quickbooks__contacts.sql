-- A customer has one contact, which stands on the customer itself and bears its id.
with

customers as (select * from {{ latest(source('raw_quickbooks', 'customer'), 'id') }}),

connections as (select * from {{ ref('stg_tieout__connections') }}),

cleaned as (
    select
        connection,
        id,
        display_name,
        nullif(trim(given_name), '') as first_name,
        nullif(trim(family_name), '') as last_name,
        nullif(trim(email), '') as email,
        nullif(trim(primary_phone), '') as phone,
        nullif(trim(alternate_phone), '') as alternate_phone,
        nullif(trim(mobile), '') as mobile_phone,
        coalesce(active, true) as is_active,
        coalesce(is_gone, false) as is_deleted
    from customers
    where version_rank = 1
),

read as (
    select
        cleaned.connection,
        cleaned.id as contact_id,
        {{ key('quickbooks', 'cleaned.connection', 'cleaned.id') }} as contact_key,
        {{ key('quickbooks', 'cleaned.connection', 'cleaned.id') }} as customer_key,
        coalesce(
            nullif(trim(coalesce(cleaned.first_name, '') || ' ' || coalesce(cleaned.last_name, '')), ''),
            cleaned.display_name,
            cleaned.email,
            cleaned.id
        ) as contact_name,
        cleaned.first_name,
        cleaned.last_name,
        cast(null as {{ dbt.type_string() }}) as job_title,
        cleaned.email,
        cleaned.phone,
        cleaned.alternate_phone,
        cleaned.mobile_phone,
        not cleaned.is_active as is_inactive,
        cleaned.is_deleted
    from cleaned
    left join connections on cleaned.connection = connections.connection
    where
        coalesce(connections.has_contacts, true)
        and coalesce(
            cleaned.first_name, cleaned.last_name, cleaned.email, cleaned.phone, cleaned.alternate_phone, cleaned.mobile_phone
        ) is not null
)

select * from read
