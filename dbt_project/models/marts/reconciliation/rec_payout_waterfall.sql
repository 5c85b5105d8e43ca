with

payouts as (select * from {{ ref('psp_payouts') }}),

items as (select * from {{ ref('int_payout_items') }}),

categories as (
    select
        payouts.payout_key,
        payouts.connection,
        payouts.currency,
        items.category,
        count(*) as item_count,
        sum(items.gross_amount) as gross_amount,
        sum(items.fee_amount) as fee_amount,
        sum(items.net_amount) as net_amount
    from payouts
    inner join items on payouts.payout_key = items.payout_key
    where payouts.is_automatic
    group by payouts.payout_key, payouts.connection, payouts.currency, items.category
),

summed as (
    select payout_key, sum(net_amount) as net_amount
    from categories
    group by payout_key
),

-- What no category explains. It must be 0, and it is shown so that anyone can see that it is.
residuals as (
    select
        payouts.payout_key,
        payouts.connection,
        payouts.currency,
        'residual' as category,
        0 as item_count,
        0 as gross_amount,
        0 as fee_amount,
        payouts.payout_amount - coalesce(summed.net_amount, 0) as net_amount
    from payouts
    left join summed on payouts.payout_key = summed.payout_key
    where payouts.is_automatic
),

unioned as (
    select * from categories
    union all
    select * from residuals
),

final as (
    select
        payout_key || '>' || category as waterfall_key,
        payout_key,
        connection,
        currency,
        category,
        cast(item_count as integer) as item_count,
        {{ money('gross_amount') }} as gross_amount,
        {{ money('fee_amount') }} as fee_amount,
        {{ money('net_amount') }} as net_amount,
        category = 'residual' as is_residual
    from unioned
)

select * from final
