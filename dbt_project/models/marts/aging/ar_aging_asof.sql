with

open_items as (
    select * from (
        {{ aging_asof(ref('int_aging_dates')) }}
    ) as items
),

buckets as (select * from {{ ref('int_aging_buckets') }}),

aged as (
    select
        open_items.*,
        case
            when open_items.item_type = 'document' and open_items.open_amount > 0
                and coalesce(open_items.due_date, open_items.item_date) < open_items.as_of_date
                then {{ x_days_between('coalesce(open_items.due_date, open_items.item_date)', 'open_items.as_of_date') }}
            else 0
        end as days_overdue
    from open_items
),

final as (
    select
        cast(aged.as_of_date as {{ dbt.type_string() }}) || '|' || aged.item_key as aging_key,
        aged.as_of_date,
        aged.item_key,
        aged.item_type,
        aged.connection,
        aged.customer_key,
        aged.currency,
        aged.open_amount,
        aged.due_date,
        aged.days_overdue,
        coalesce(buckets.bucket, 'current') as bucket,
        cast(coalesce(buckets.bucket_order, 0) as integer) as bucket_order
    from aged
    left join buckets
        on
            aged.connection = buckets.connection
            and aged.days_overdue between buckets.lower_days and buckets.upper_days
)

select * from final
