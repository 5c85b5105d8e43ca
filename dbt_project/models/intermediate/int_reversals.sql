-- ERP payments that are still applied although the PSP has lost the money: a late failure, or a dispute not won. Where an ERP does not let
-- a deposited payment be changed, a debit on receivables that cites the cause reopens the debt instead: so much of it is settled.
with

citations as (select * from {{ ref('int_payment_citations') }}),

payments as (select * from {{ ref('int_psp_payments') }}),

journals as (
    select document_key, connection, customer_key, document_amount, coalesce(memo, '') || ' ' || coalesce(external_id, '') as reference_text
    from {{ ref('int_open_documents') }}
    where document_type = 'journal' and document_amount > 0 and not is_deleted
),

found as (
    {{ x_find_all(
        'journals', 'reference_text', id_pattern(['ch', 'py', 'dp', 'du']),
        ['document_key', 'connection', 'customer_key', 'document_amount'], 'cause_id',
    ) }}
),

cited as (select distinct document_key, connection, customer_key, document_amount, cause_id from found),

reopened as (
    select connection, customer_key, cause_id, sum(document_amount) as amount
    from cited
    group by connection, customer_key, cause_id
),

lost as (
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
),

reversible as (
    select
        lost.erp_connection,
        lost.psp_payment_key,
        lost.erp_payment_key,
        lost.erp_payment_id,
        lost.customer_key,
        {{ money('lost.applied_amount - coalesce(reopened.amount, 0)') }} as applied_amount,
        lost.currency,
        lost.cause_id,
        lost.cause,
        lost.first_seen_at
    from lost
    left join reopened
        on
            lost.erp_connection = reopened.connection
            and lost.customer_key = reopened.customer_key
            and lost.cause_id = reopened.cause_id
    where lost.applied_amount > coalesce(reopened.amount, 0)
)

select * from reversible
