{%- set fields = {
    'line1': 'Line1', 'line2': 'Line2', 'line3': 'Line3', 'city': 'City', 'region': 'CountrySubDivisionCode', 'postal_code': 'PostalCode',
    'country': 'Country',
} -%}
-- An address is part of the customer. What QuickBooks keeps of it beyond three lines is joined to the third.
with

customers as (
    select connection, id as customer_id, coalesce(is_gone, false) as is_deleted, bill_addr, ship_addr
    from {{ latest(source('raw_quickbooks', 'customer'), 'id') }}
    where version_rank = 1
),

typed as (
    select connection, customer_id, is_deleted, 'billing' as address_type, bill_addr as address from customers
    union all
    select connection, customer_id, is_deleted, 'shipping' as address_type, ship_addr as address from customers
),

parts as (
    select
        *,
        {%- for name, field in fields.items() %}
        {{ x_json_text('address', field) }} as {{ name }},
        {%- endfor %}
        {{ x_json_text('address', 'Line4') }} as line4,
        {{ x_json_text('address', 'Line5') }} as line5
    from typed
    where address is not null
),

read as (
    select
        connection,
        {{ key('quickbooks', 'connection', "customer_id || '#' || address_type") }} as address_key,
        {{ key('quickbooks', 'connection', 'customer_id') }} as customer_key,
        address_type,
        cast(null as {{ dbt.type_string() }}) as addressee,
        cast(null as {{ dbt.type_string() }}) as attention,
        line1,
        line2,
        nullif(coalesce(line3, '') || coalesce(', ' || line4, '') || coalesce(', ' || line5, ''), '') as line3,
        city,
        region,
        postal_code,
        country,
        cast(null as {{ dbt.type_string() }}) as phone,
        is_deleted
    from parts
    where coalesce({{ fields | join(', ') }}) is not null
)

select * from read
