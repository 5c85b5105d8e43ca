with

customers as (select * from {{ latest(source('raw_stripe', 'customer'), 'id') }}),

read as (
    select
        connection,
        id as psp_customer_id,
        {{ key('stripe', 'connection', 'id') }} as psp_customer_key,
        name as customer_name,
        email,
        -- The mapping to the ERP's customer: an id that the ERP gave, never a name.
        coalesce(
            {{ x_json_text('metadata', 'customer_source_id') }},
            {{ x_json_text('metadata', 'source_id') }},
            {{ x_json_text('metadata', 'erp_customer_id') }}
            {%- for erp in var('erps') %},
            {{ x_json_text('metadata', erp ~ '_customer_id') }},
            {{ x_json_text('metadata', erp ~ '_id') }}
            {%- endfor %}
        ) as erp_customer_id,
        coalesce(is_gone, false) as is_deleted,
        first_seen_at
    from customers
    where version_rank = 1
)

select * from read
