with

controls as (
    select * from {{ ref('erp_control_totals') }}
),

psp_controls as (select * from {{ ref('psp_control_totals') }}),

landed_records as (select * from {{ ref('erp_landed_records') }}),

psp_transactions as (select * from {{ ref('psp_balance_transactions') }}),

landed as (
    select connection, table_name, measure, count(*) as row_count, sum(amount) as total_amount
    from landed_records
    group by connection, table_name, measure
),

from_erps as (
    select
        controls.connection,
        controls.table_name,
        controls.measure,
        controls.row_count as control_count,
        coalesce(landed.row_count, 0) as landed_count,
        controls.total_amount as control_amount,
        {{ money('coalesce(landed.total_amount, 0)') }} as landed_amount,
        controls.first_seen_at
    from controls
    left join landed
        on
            controls.connection = landed.connection
            and controls.table_name = landed.table_name
            and controls.measure = landed.measure
    where controls.table_name in (select distinct table_name from landed_records)
),

from_psps as (
    select
        psp_controls.connection,
        psp_controls.table_name,
        psp_controls.measure,
        cast(null as bigint) as control_count,
        cast(null as bigint) as landed_count,
        psp_controls.balance_amount as control_amount,
        {{ money('coalesce(sum(psp_transactions.net_amount), 0)') }} as landed_amount,
        psp_controls.first_seen_at
    from psp_controls
    left join psp_transactions
        on
            psp_controls.connection = psp_transactions.connection
            and psp_controls.currency = psp_transactions.currency
            and psp_controls.window_end >= psp_transactions.created_at
    group by
        psp_controls.connection, psp_controls.table_name, psp_controls.measure, psp_controls.balance_amount, psp_controls.first_seen_at
),

unioned as (
    select * from from_erps
    union all
    select * from from_psps
),

final as (
    select
        connection || '|' || table_name || '|' || measure as measure_key,
        connection,
        table_name,
        measure,
        control_count,
        landed_count,
        control_amount,
        landed_amount,
        coalesce(control_count = landed_count, true)
        and coalesce(abs(control_amount) = abs(landed_amount), true) as is_complete,
        first_seen_at
    from unioned
)

select * from final
