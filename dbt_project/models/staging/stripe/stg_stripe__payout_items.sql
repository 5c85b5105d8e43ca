with

items as (select * from {{ latest(source('raw_stripe', 'payout_item'), 'payout, balance_transaction') }}),

read as (
    select
        connection,
        {{ key('stripe', 'connection', 'payout') }} as payout_key,
        {{ key('stripe', 'connection', 'balance_transaction') }} as balance_transaction_key
    from items
    where version_rank = 1 and not coalesce(is_gone, false)
)

select * from read
