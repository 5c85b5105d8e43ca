with

rates as (
    select * from {{ latest(source('raw_quickbooks', 'exchange_rate'), 'source_currency, target_currency, as_of_date') }}
),

read as (
    select
        connection,
        upper(target_currency) as base_currency,
        upper(source_currency) as currency,
        as_of_date as effective_date,
        cast(rate as decimal(20, 10)) as exchange_rate
    from rates
    where version_rank = 1 and not coalesce(is_gone, false)
)

select * from read
