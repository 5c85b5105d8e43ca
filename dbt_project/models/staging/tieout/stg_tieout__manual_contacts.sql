with

contacts as (select * from {{ latest(source('raw_tieout', 'manual_contact'), 'contact_id') }}),

read as (
    select
        connection,
        connection || ':manual:' || contact_id as contact_key,
        contact_id,
        customer_id,
        contact_name,
        email,
        phone,
        phone_type,
        added_at
    from contacts
    where version_rank = 1 and not coalesce(is_gone, false)
)

select * from read
