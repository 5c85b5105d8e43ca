-- Two statements of what a customer owes: the balance on the customer, in its currency, and the aging report, in the company's.
with

balances as (select * from {{ latest(source('raw_quickbooks', 'control_balance'), 'entity, currency') }}),

reports as (select * from {{ latest(source('raw_quickbooks', 'aged_receivables'), 'customer') }}),

preferences as (select * from {{ ref('stg_quickbooks__preferences') }}),

connections as (select * from {{ ref('stg_tieout__connections') }}),

-- Whoever is not in the last report owes nothing in it, whatever an earlier one said. A report without anybody is today's.
last_reports as (
    select
        reports.connection,
        coalesce(max(case when not coalesce(reports.is_gone, false) then reports.as_of_date end), max(connections.today)) as as_of_date
    from reports
    inner join connections on reports.connection = connections.connection
    where reports.version_rank = 1
    group by reports.connection
),

read as (
    select
        balances.connection,
        {{ key('quickbooks', 'balances.connection', 'balances.entity') }} as customer_key,
        coalesce(upper(balances.currency), preferences.home_currency) as currency,
        'balance' as basis,
        cast(null as date) as as_of_date,
        {{ money('coalesce(balances.open_amount, 0)') }} as open_amount,
        {{ money('coalesce(balances.unapplied_amount, 0)') }} as unapplied_amount,
        balances.first_seen_at
    from balances
    left join preferences on balances.connection = preferences.connection
    where balances.version_rank = 1 and not coalesce(balances.is_gone, false)
    union all
    select
        reports.connection,
        {{ key('quickbooks', 'reports.connection', 'reports.customer') }} as customer_key,
        preferences.home_currency as currency,
        'aging' as basis,
        last_reports.as_of_date,
        {{ money('case
            when reports.as_of_date = last_reports.as_of_date and not coalesce(reports.is_gone, false) then reports.total
            else 0
        end') }} as open_amount,
        {{ money('0') }} as unapplied_amount,
        reports.first_seen_at
    from reports
    inner join last_reports on reports.connection = last_reports.connection
    left join preferences on reports.connection = preferences.connection
    where reports.version_rank = 1
)

select * from read
