with

totals as (select * from {{ latest(source('raw_stripe', 'control_total'), 'table_name, measure') }}),

units as (select * from {{ ref('currency_units') }}),

read as (
    select
        totals.connection,
        totals.table_name,
        totals.measure,
        upper(substring(totals.measure, 5)) as currency,
        {{ from_minor('totals.total', 'coalesce(units.psp_unit, 0.01)') }} as balance_amount,
        totals.window_end,
        totals.first_seen_at
    from totals
    left join units on upper(substring(totals.measure, 5)) = units.currency
    where totals.version_rank = 1 and not coalesce(totals.is_gone, false) and substring(totals.measure, 1, 4) = 'net:'
)

select * from read
