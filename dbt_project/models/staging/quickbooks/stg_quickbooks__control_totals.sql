with

totals as (select * from {{ latest(source('raw_quickbooks', 'control_total'), 'table_name, measure') }}),

read as (
    select
        connection,
        table_name,
        measure,
        cast(null as {{ dbt.type_string() }}) as currency,
        window_start,
        window_end,
        cast(row_count as bigint) as row_count,
        {{ money('total') }} as total_amount,
        first_seen_at,
        _dlt_load_id as load_id
    from totals
    where version_rank = 1 and not coalesce(is_gone, false)
)

select * from read
