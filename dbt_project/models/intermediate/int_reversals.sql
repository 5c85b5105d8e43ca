-- ERP payments that are still applied although the PSP has lost the money. Where an ERP does not let a deposited payment be changed, a
-- debit on receivables that cites the cause reopens the debt instead: so much of it is settled.
with

lost as (select * from {{ ref('int_lost_payments') }}),

left_over as (
    select
        erp_connection,
        psp_payment_key,
        erp_payment_key,
        erp_payment_id,
        customer_key,
        payment_amount,
        {{ money('applied_amount - case when is_half_reversed then settled_amount else reopened_amount end') }} as applied_amount,
        currency,
        cause_id,
        cause,
        first_seen_at
    from lost
),

reversible as (
    select * from left_over
    where applied_amount > 0
)

select * from reversible
