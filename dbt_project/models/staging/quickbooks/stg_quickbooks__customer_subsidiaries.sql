-- A QuickBooks company has no subsidiaries: no rows, in the shape that all systems share.
with

customers as (select * from {{ ref('stg_quickbooks__customers') }}),

none_at_all as (
    select
        connection,
        customer_key,
        cast(null as {{ dbt.type_string() }}) as subsidiary_id,
        false as is_primary
    from customers
    where 1 = 0
)

select * from none_at_all
