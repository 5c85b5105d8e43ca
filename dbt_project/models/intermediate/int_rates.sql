-- A rate holds from its date until the next one.
with

rates as (select * from {{ ref('erp_rates') }}),

spans as (
    select
        connection,
        base_currency,
        currency,
        effective_date as valid_from,
        lead(effective_date) over (
            partition by connection, base_currency, currency
            order by effective_date
        ) as valid_until,
        exchange_rate
    from rates
    where effective_date is not null and exchange_rate is not null
)

select * from spans
