with

rates as (select * from {{ latest(source('raw_ecb', 'rate'), 'rate_date, currency') }}),

read as (
    select
        connection,
        'EUR' as base_currency,
        currency,
        rate_date as effective_date,
        cast(exchange_rate as decimal(20, 10)) as units_per_base
    from rates
    where version_rank = 1 and not coalesce(is_gone, false)
)

select * from read
