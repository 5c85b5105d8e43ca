-- The provider's balance as a ledger of its own: what it holds for us (clearing), why, and what it kept.
with

transactions as (select * from {{ ref('psp_balance_transactions') }}),

payments as (select * from {{ ref('int_psp_payments') }}),

legs as (
    select *, 'clearing' as account, net_amount as amount, 'net' as leg from transactions
    union all
    select *, 'fees' as account, fee_amount as amount, 'fee' as leg from transactions
    where fee_amount <> 0
    union all
    select
        *,
        case
            when category = 'charge' then 'receipts'
            when category in ('refund', 'refund_failure', 'partial_capture_reversal') then 'refunds'
            when category in ('dispute', 'dispute_reversal') then 'disputes'
            when category = 'charge_failure' then 'receipts'
            when category in ('fee', 'tax', 'network_cost') then 'fees'
            when category in ('payout', 'payout_reversal') then 'payouts'
            else 'other'
        end as account,
        -gross_amount as amount,
        'gross' as leg
    from transactions
),

described as (
    select
        legs.balance_transaction_key as document_key,
        legs.connection,
        payments.exact_customer_key as customer_key,
        legs.currency,
        cast(legs.created_at as date) as entry_date,
        legs.account,
        legs.amount,
        legs.payment_key as item_key,
        legs.leg
    from legs
    left join payments on legs.payment_key = payments.payment_key
    where legs.amount <> 0
)

select * from described
