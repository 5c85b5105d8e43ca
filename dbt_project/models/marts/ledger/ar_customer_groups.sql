with recursive

customers as (
    select customers.customer_key, customers.connection, customers.customer_name, customers.parent_customer_key
    from {{ ref('erp_customers') }} as customers
    left join {{ ref('int_customer_scope') }} as left_out on customers.customer_key = left_out.customer_key
    where left_out.customer_key is null
),

-- A parent that is not in the ledger is no parent here.
edges as (
    select customers.customer_key, customers.connection, customers.customer_name, parents.customer_key as parent_key
    from customers
    left join customers as parents on customers.parent_customer_key = parents.customer_key
),

-- Upwards one step at a time; the path ends a walk that comes back to where it has been.
walks as (
    select
        customer_key,
        customer_key as ancestor_key,
        parent_key as next_key,
        0 as steps,
        cast('|' || customer_key || '|' as {{ dbt.type_string() }}) as path
    from edges
    union all
    select
        walks.customer_key,
        edges.customer_key as ancestor_key,
        edges.parent_key as next_key,
        walks.steps + 1 as steps,
        walks.path || edges.customer_key || '|' as path
    from walks
    inner join edges on walks.next_key = edges.customer_key
    where {{ dbt.position("'|' || edges.customer_key || '|'", 'walks.path') }} = 0
),

roots as (
    select customer_key, ancestor_key as group_key, steps
    from walks
    where next_key is null
),

-- Customers that are their own ancestors have no root: the group takes the first of the circle by key.
circles as (
    select distinct customer_key from walks
    where next_key = customer_key
),

circle_heads as (
    select walks.customer_key, min(walks.ancestor_key) as group_key
    from walks
    inner join circles on walks.ancestor_key = circles.customer_key
    group by walks.customer_key
),

final as (
    select
        edges.customer_key,
        edges.connection,
        edges.parent_key as parent_customer_key,
        coalesce(roots.group_key, circle_heads.group_key, edges.customer_key) as group_key,
        heads.customer_name as group_name,
        cast(coalesce(roots.steps, 0) as integer) as depth,
        circles.customer_key is not null as is_in_circle
    from edges
    left join roots on edges.customer_key = roots.customer_key
    left join circle_heads on edges.customer_key = circle_heads.customer_key
    left join circles on edges.customer_key = circles.customer_key
    left join edges as heads on coalesce(roots.group_key, circle_heads.group_key, edges.customer_key) = heads.customer_key
)

select * from final
