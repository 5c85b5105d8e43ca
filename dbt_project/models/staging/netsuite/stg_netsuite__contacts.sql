with

contacts as (select * from {{ latest(source('raw_netsuite', 'contact'), 'id') }}),

connections as (select * from {{ ref('stg_tieout__connections') }}),

read as (
    select
        contacts.connection,
        contacts.id as contact_id,
        {{ key('netsuite', 'contacts.connection', 'contacts.id') }} as contact_key,
        {{ key('netsuite', 'contacts.connection', 'contacts.company') }} as customer_key,
        coalesce(
            nullif(trim(coalesce(contacts.firstname, '') || ' ' || coalesce(contacts.lastname, '')), ''),
            contacts.entityid,
            contacts.email,
            contacts.id
        ) as contact_name,
        contacts.firstname as first_name,
        contacts.lastname as last_name,
        contacts.title as job_title,
        contacts.email,
        coalesce(contacts.phone, contacts.mobilephone) as phone,
        cast(null as {{ dbt.type_string() }}) as alternate_phone,
        contacts.mobilephone as mobile_phone,
        coalesce(contacts.isinactive, false) as is_inactive,
        coalesce(contacts.is_gone, false) as is_deleted
    from contacts
    left join connections on contacts.connection = connections.connection
    where contacts.version_rank = 1 and coalesce(connections.has_contacts, true)
)

select * from read
