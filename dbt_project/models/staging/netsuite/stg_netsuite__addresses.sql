{%- set fields = ['type', 'addressee', 'attention', 'addr1', 'addr2', 'addr3', 'city', 'state', 'zip', 'country', 'addrphone'] -%}
-- An address is part of the version of the customer that it was read with.
with

customers as (
    select connection, id as customer_id, coalesce(is_gone, false) as is_deleted, addresses
    from {{ latest(source('raw_netsuite', 'customer'), 'id') }}
    where version_rank = 1
),

addresses as (
    {{ x_json_records('customers', 'addresses', ['connection', 'customer_id', 'is_deleted'], fields) }}
),

read as (
    select
        connection,
        {{ key('netsuite', 'connection', "customer_id || '#' || type") }} as address_key,
        {{ key('netsuite', 'connection', 'customer_id') }} as customer_key,
        type as address_type,
        addressee,
        attention,
        addr1 as line1,
        addr2 as line2,
        addr3 as line3,
        city,
        state as region,
        zip as postal_code,
        country,
        addrphone as phone,
        is_deleted
    from addresses
)

select * from read
