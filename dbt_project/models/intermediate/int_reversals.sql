-- ERP payments that are still applied although the PSP has lost the money: a late failure, or a dispute not won.
with

citations as (select * from {{ ref('int_payment_citations') }}),

payments as (select * from {{ ref('int_psp_payments') }}),

reversible as (
    select
        citations.erp_connection,
        citations.psp_payment_key,
        citations.erp_payment_key,
        citations.erp_payment_id,
        citations.customer_key,
        citations.applied_amount,
        citations.currency,
        case when payments.state = 'disputed' then payments.lost_dispute_id else payments.charge_id end as cause_id,
        case
            when payments.state = 'disputed' then 'dispute ' || payments.lost_dispute_id || ' took the money back'
            else 'the debit failed late (' || coalesce(payments.failure_code, 'no code') || ')'
        end as cause,
        case
            when payments.state = 'disputed' then {{ later('citations.first_seen_at', 'payments.dispute_seen_at') }}
            else {{ later('citations.first_seen_at', 'payments.failed_seen_at') }}
        end as first_seen_at
    from citations
    inner join payments on citations.psp_payment_key = payments.payment_key
    where payments.state in ('failed', 'disputed') and citations.applied_amount > 0
)

select * from reversible
