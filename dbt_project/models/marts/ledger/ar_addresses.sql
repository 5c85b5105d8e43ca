with

addresses as (select * from {{ ref('erp_addresses') }}),

customers as (select * from {{ ref('ar_customers') }}),

final as (
    select
        addresses.address_key,
        addresses.system,
        addresses.connection,
        addresses.customer_key,
        addresses.address_type,
        addresses.addressee,
        addresses.attention,
        addresses.line1,
        addresses.line2,
        addresses.line3,
        addresses.city,
        addresses.region,
        addresses.postal_code,
        addresses.country,
        addresses.phone,
        addresses.is_deleted
    from addresses
    inner join customers on addresses.customer_key = customers.customer_key
)

select * from final
