with

controls as (select * from {{ ref('erp_control_totals') }}),

psp_controls as (select * from {{ ref('psp_control_totals') }}),

psp_transactions as (select * from {{ ref('psp_balance_transactions') }}),

records as (select * from {{ ref('erp_landed_records') }}),

mapped as (
    {{ in_scope('records', none) }}
),

-- A record of several subsidiaries that we read is one record.
records_once as (
    select distinct connection, table_name, record_id, measure, customer_key, currency, amount from mapped
),

-- The source is asked about the subsidiaries that we read. Of customers that we leave out ourselves it knows nothing.
landed as (
    select
        records_once.connection,
        records_once.table_name,
        records_once.measure,
        records_once.currency,
        count(*) as row_count,
        sum(records_once.amount) as total_amount
    from records_once
    left join {{ ref('int_customer_scope') }} as routed_out
        on
            records_once.customer_key = routed_out.customer_key
            and routed_out.reason <> 'excluded'
    where routed_out.customer_key is null
    group by records_once.connection, records_once.table_name, records_once.measure, records_once.currency
),

-- A table that is counted at all is counted whole: what landed of it and is not counted has left the source.
counted as (
    select connection, table_name, min(first_seen_at) as first_seen_at
    from controls
    group by connection, table_name
),

measures as (
    select connection, table_name, measure from controls
    union
    select landed.connection, landed.table_name, landed.measure
    from landed
    inner join counted
        on
            landed.connection = counted.connection
            and landed.table_name = counted.table_name
),

-- `filtered` is what the settings leave out, so that nothing of it lands.
from_erps as (
    select
        measures.connection,
        measures.table_name,
        measures.measure,
        coalesce(controls.currency, landed.currency) as currency,
        coalesce(controls.row_count, 0) as control_count,
        case when measures.table_name <> 'filtered' then coalesce(landed.row_count, 0) end as landed_count,
        case when controls.connection is null and landed.total_amount is not null then 0 else controls.total_amount end as control_amount,
        case
            when measures.table_name <> 'filtered' and (controls.total_amount is not null or landed.total_amount is not null)
                then coalesce(landed.total_amount, 0)
        end as landed_amount,
        coalesce(controls.first_seen_at, counted.first_seen_at) as first_seen_at
    from measures
    inner join counted
        on
            measures.connection = counted.connection
            and measures.table_name = counted.table_name
    left join controls
        on
            measures.connection = controls.connection
            and measures.table_name = controls.table_name
            and measures.measure = controls.measure
    left join landed
        on
            measures.connection = landed.connection
            and measures.table_name = landed.table_name
            and measures.measure = landed.measure
),

from_psps as (
    select
        psp_controls.connection,
        psp_controls.table_name,
        psp_controls.measure,
        psp_controls.currency,
        cast(null as bigint) as control_count,
        cast(null as bigint) as landed_count,
        psp_controls.balance_amount as control_amount,
        coalesce(sum(psp_transactions.net_amount), 0) as landed_amount,
        psp_controls.first_seen_at
    from psp_controls
    left join psp_transactions
        on
            psp_controls.connection = psp_transactions.connection
            and psp_controls.currency = psp_transactions.currency
            and psp_controls.window_end >= psp_transactions.created_at
    group by
        psp_controls.connection, psp_controls.table_name, psp_controls.measure, psp_controls.currency,
        psp_controls.balance_amount, psp_controls.first_seen_at
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
        currency,
        control_count,
        landed_count,
        {{ money('control_amount') }} as control_amount,
        {{ money('landed_amount') }} as landed_amount,
        coalesce(control_count = landed_count, true) and coalesce(control_amount = landed_amount, true) as is_complete,
        first_seen_at
    from unioned
)

select * from final
