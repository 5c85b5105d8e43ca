with

balances as (select * from {{ latest(source('raw_netsuite', 'control_balance'), 'entity, currency') }}),

currencies as (select * from {{ ref('stg_netsuite__currencies') }}),

read as (
    select
        balances.connection,
        {{ key('netsuite', 'balances.connection', 'balances.entity') }} as customer_key,
        coalesce(currencies.currency, upper(balances.currency)) as currency,
        'balance' as basis,
        cast(null as date) as as_of_date,
        {{ money('coalesce(balances.open_amount, 0)') }} as open_amount,
        {{ money('coalesce(balances.unapplied_amount, 0)') }} as unapplied_amount,
        balances.first_seen_at
    from balances
    left join currencies
        on
            balances.connection = currencies.connection
            and balances.currency = currencies.currency_id
    where balances.version_rank = 1 and not coalesce(balances.is_gone, false)
)

select * from read
