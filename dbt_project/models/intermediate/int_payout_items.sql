-- Members of payouts, without the payout's own line, each with the payment it is about.
with

items as (select * from {{ ref('psp_payout_items') }}),

transactions as (select * from {{ ref('psp_balance_transactions') }}),

payouts as (select * from {{ ref('psp_payouts') }}),

joined as (
    select
        payouts.system,
        payouts.connection,
        payouts.payout_key,
        transactions.balance_transaction_key,
        transactions.balance_transaction_id,
        transactions.category,
        transactions.transaction_type,
        transactions.source_id,
        transactions.payment_key,
        transactions.currency,
        transactions.gross_amount,
        transactions.fee_amount,
        transactions.net_amount,
        transactions.description,
        transactions.created_at
    from items
    inner join payouts on items.payout_key = payouts.payout_key
    inner join transactions on items.balance_transaction_key = transactions.balance_transaction_key
    where
        transactions.transaction_type <> 'payout'
        and transactions.balance_transaction_id <> coalesce(payouts.balance_transaction_id, '')
)

select * from joined
