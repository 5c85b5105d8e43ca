-- What has landed and lives, as QuickBooks counts it for control_total: voided records among them.
{%- set lists = ['account', 'term', 'payment_method'] %}
with

transactions as (
    select * from {{ ref('stg_quickbooks__transactions') }}
    where not is_gone
),

customers as (
    select * from {{ ref('stg_quickbooks__customers') }}
    where not is_deleted
),

{% for name in lists -%}
{{ name }}s as (
    select connection, id
    from {{ latest(source('raw_quickbooks', name), 'id') }}
    where version_rank = 1 and not coalesce(is_gone, false)
),

{% endfor -%}
records as (
    select connection, transaction_type as table_name, transaction_id as record_id, customer_key from transactions
    union all
    select connection, 'customer' as table_name, customer_id as record_id, customer_key from customers
    {%- for name in lists %}
    union all
    select connection, '{{ name }}' as table_name, id as record_id, null as customer_key from {{ name }}s
    {%- endfor %}
),

landed as (
    select
        connection,
        table_name,
        record_id,
        'all' as measure,
        customer_key,
        cast(null as {{ dbt.type_string() }}) as subsidiary_id,
        cast(null as {{ dbt.type_string() }}) as currency,
        {{ money('null') }} as amount
    from records
)

select * from landed
