-- The buckets of each connection's settings as spans of days overdue, with the names people read.
with

connections as (select connection, aging_buckets from {{ ref('stg_tieout__connections') }}),

bounds as ({{ x_json_values('connections', 'aging_buckets', ['connection'], 'upper_text') }}),

typed as (select connection, cast(upper_text as integer) as upper_days from bounds),

spans as (
    select
        connection,
        upper_days,
        coalesce(lag(upper_days) over (partition by connection order by upper_days), 0) + 1 as lower_days
    from typed
),

named as (
    select
        connection,
        lower_days,
        upper_days,
        cast(lower_days as {{ dbt.type_string() }}) || '-' || cast(upper_days as {{ dbt.type_string() }}) as bucket,
        row_number() over (partition by connection order by upper_days) as bucket_order
    from spans
),

last_ones as (
    select connection, max(upper_days) as upper_days, count(*) as bucket_count
    from named
    group by connection
),

all_buckets as (
    select connection, -1000000 as lower_days, 0 as upper_days, 'current' as bucket, 0 as bucket_order from connections
    union all
    select connection, lower_days, upper_days, bucket, bucket_order from named
    union all
    select
        connection, upper_days + 1, 1000000, cast(upper_days as {{ dbt.type_string() }}) || '+', bucket_count + 1
    from last_ones
)

select * from all_buckets
