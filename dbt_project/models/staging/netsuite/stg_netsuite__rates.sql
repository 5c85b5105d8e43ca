with

rates as (select * from {{ latest(source('raw_netsuite', 'currencyrate'), 'id') }}),

currencies as (select * from {{ ref('stg_netsuite__currencies') }}),

read as (
    select
        rates.connection,
        coalesce(base_currencies.currency, upper(rates.basecurrency)) as base_currency,
        coalesce(currencies.currency, upper(rates.transactioncurrency)) as currency,
        rates.effectivedate as effective_date,
        cast(max(rates.exchangerate) as decimal(20, 10)) as exchange_rate
    from rates
    left join currencies
        on
            rates.connection = currencies.connection
            and rates.transactioncurrency = currencies.currency_id
    left join currencies as base_currencies
        on
            rates.connection = base_currencies.connection
            and rates.basecurrency = base_currencies.currency_id
    where rates.version_rank = 1 and not coalesce(rates.is_gone, false)
    group by
        rates.connection,
        coalesce(base_currencies.currency, upper(rates.basecurrency)),
        coalesce(currencies.currency, upper(rates.transactioncurrency)),
        rates.effectivedate
)

select * from read
