-- Reference rates, each from its day until the next one; the base itself is always one.
with

rates as (select * from {{ ref('stg_ecb__rates') }}),

daily as (
    select currency, effective_date, max(units_per_base) as units_per_base
    from rates
    group by currency, effective_date
),

spans as (
    select
        currency,
        effective_date as valid_from,
        lead(effective_date) over (partition by currency order by effective_date) as valid_until,
        units_per_base
    from daily
),

final as (
    select * from spans
    union all
    select
        'EUR' as currency,
        cast('1999-01-04' as date) as valid_from,
        cast(null as date) as valid_until,
        cast(1 as decimal(20, 10)) as units_per_base
)

select * from final
