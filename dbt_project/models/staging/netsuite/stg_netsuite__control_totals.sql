with

totals as (select * from {{ latest(source('raw_netsuite', 'control_total'), 'table_name, measure') }}),

currencies as (select * from {{ ref('stg_netsuite__currencies') }}),

read as (
    select
        totals.connection,
        totals.table_name,
        totals.measure,
        currencies.currency,
        totals.window_start,
        totals.window_end,
        cast(totals.row_count as bigint) as row_count,
        {{ money('totals.total') }} as total_amount,
        totals.first_seen_at,
        totals._dlt_load_id as load_id
    from totals
    left join currencies
        on
            totals.connection = currencies.connection
            and {{ dbt.split_part('totals.measure', "'|'", 2) }} = currencies.currency_id
    where totals.version_rank = 1 and not coalesce(totals.is_gone, false)
)

select * from read
