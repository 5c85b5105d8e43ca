-- Who belongs in the books: not excluded, and of a subsidiary that this connection reads.
with

connections as (select * from {{ ref('stg_tieout__connections') }}),

customers as (select * from {{ ref('erp_customers') }}),

relationships as (select * from {{ ref('erp_customer_subsidiaries') }}),

subsidiaries as (select * from {{ ref('int_mapped_subsidiaries') }}),

excluded as (
    {{ x_json_values(
        "(select system || ':' || connection as prefix, " ~ x_json_text('settings', 'exclude_customers')
            ~ " as ids from connections) as exclusions",
        'ids', ['prefix'], 'customer_id',
    ) }}
),

routes as (
    select
        relationships.customer_key,
        max(case when subsidiaries.subsidiary_id is not null then 1 else 0 end) as mapped_count,
        max(case when subsidiaries.subsidiary_id is not null and relationships.is_primary then 1 else 0 end) as primary_count
    from relationships
    left join subsidiaries
        on
            relationships.connection = subsidiaries.connection
            and relationships.subsidiary_id = subsidiaries.subsidiary_id
    group by relationships.customer_key
),

restricted as (select distinct connection from subsidiaries),

routed_out as (
    select
        customers.customer_key,
        case when routes.mapped_count = 0 then 'subsidiary' else 'primary_subsidiary' end as reason
    from customers
    inner join restricted on customers.connection = restricted.connection
    inner join connections on customers.connection = connections.connection
    inner join routes on customers.customer_key = routes.customer_key
    where
        routes.mapped_count = 0
        or (connections.primary_subsidiary_only and routes.primary_count = 0)
),

-- Keyed on ids alone, so that an exclusion works before the first sync and after a deletion.
out_of_scope as (
    select prefix || ':' || customer_id as customer_key, 'excluded' as reason from excluded
    union all
    select customer_key, reason from routed_out
),

one_reason as (
    select customer_key, max(reason) as reason
    from out_of_scope
    group by customer_key
)

select * from one_reason
