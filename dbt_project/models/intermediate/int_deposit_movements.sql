-- Balance movements of every payout, by the kind of line that each is in a deposit, with the id of what caused it.
with

items as (select * from {{ ref('int_payout_items') }}),

postings as (select * from {{ ref('int_payment_postings') }}),

-- A payment that came and went within one payout and was never booked needs no line at all.
washed as (
    select items.payout_key, items.payment_key
    from items
    inner join postings on items.payment_key = postings.payment_key
    where postings.citation_count = 0
    group by items.payout_key, items.payment_key
    having sum(case when items.category in ('charge', 'charge_failure', 'refund') then items.gross_amount else 1 end) = 0
),

payments as (select payment_key, charge_id from {{ ref('psp_payments') }}),

sorted as (
    select
        items.payout_key,
        items.balance_transaction_id,
        items.category,
        items.payment_key,
        -- A failed debit is named by its charge, a dispute by its own id.
        case when items.category = 'charge_failure' then coalesce(payments.charge_id, items.source_id) else items.source_id end as cause_id,
        items.gross_amount,
        items.fee_amount,
        items.net_amount,
        case
            when washed.payment_key is not null then 'washed'
            when items.category = 'charge' then 'payment'
            when items.category in ('refund', 'refund_failure', 'partial_capture_reversal') then 'refund'
            when items.category in ('dispute', 'dispute_reversal', 'charge_failure') then 'dispute'
            when items.category in ('fee', 'tax', 'network_cost') then 'fee'
            else 'unmapped'
        end as line_kind
    from items
    left join washed
        on
            items.payout_key = washed.payout_key
            and items.payment_key = washed.payment_key
    left join payments on items.payment_key = payments.payment_key
)

select * from sorted
