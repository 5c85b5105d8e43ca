with

contacts as (select * from {{ latest(source('raw_netsuite', 'contact'), 'id') }}),

read as (
    select
        connection,
        id as contact_id,
        {{ key('netsuite', 'connection', 'id') }} as contact_key,
        {{ key('netsuite', 'connection', 'company') }} as customer_key,
        coalesce(
            nullif(trim(coalesce(firstname, '') || ' ' || coalesce(lastname, '')), ''), entityid, email, id
        ) as contact_name,
        firstname as first_name,
        lastname as last_name,
        title as job_title,
        email,
        coalesce(phone, mobilephone) as phone,
        coalesce(isinactive, false) as is_inactive,
        coalesce(is_gone, false) as is_deleted
    from contacts
    where version_rank = 1
)

select * from read
