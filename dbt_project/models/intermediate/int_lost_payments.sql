-- ERP payments whose money the PSP has lost (a late failure, or a dispute not won), with what journals that cite the cause have put back of
-- them: those that carry the key of a payment's own reversal, and of the others what earlier payments of the cause leave over.
with

citations as (select * from {{ ref('int_payment_citations') }}),

payments as (select * from {{ ref('int_psp_payments') }}),

journals as (
    select * from {{ ref('int_reversal_journals') }}
    where document_amount > 0
),

applications as (select * from {{ ref('int_erp_applications') }}),

lost as (
    select
        citations.erp_connection,
        citations.psp_payment_key,
        citations.erp_payment_key,
        citations.erp_payment_id,
        citations.customer_key,
        citations.payment_amount,
        citations.applied_amount,
        citations.is_deposited,
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
    where payments.state in ('failed', 'disputed')
),

paired as (
    select
        lost.psp_payment_key,
        lost.erp_payment_key,
        journals.document_key,
        journals.connection,
        journals.customer_key,
        journals.cause_id,
        journals.document_amount,
        journals.open_amount,
        replace(journals.reference_text, 'tieout_reversal_' || lost.erp_payment_id || '_' || lost.cause_id, '') <> journals.reference_text
            as is_own
    from lost
    inner join journals
        on
            lost.erp_connection = journals.connection
            and lost.customer_key = journals.customer_key
            and lost.cause_id = journals.cause_id
),

owned as (
    select psp_payment_key, erp_payment_key, sum(document_amount) as amount, sum(open_amount) as open_amount
    from paired
    where is_own
    group by psp_payment_key, erp_payment_key
),

-- What the payment already settles of such journals: they stand for its invoices then.
settled as (
    select paired.psp_payment_key, paired.erp_payment_key, sum(applications.applied_amount) as amount
    from paired
    inner join applications
        on
            paired.erp_payment_key = applications.payment_key
            and paired.document_key = applications.document_key
    group by paired.psp_payment_key, paired.erp_payment_key
),

own_journals as (
    select distinct document_key from paired
    where is_own
),

pooled as (
    select
        journals.connection,
        journals.customer_key,
        journals.cause_id,
        sum(journals.document_amount) as amount,
        sum(journals.open_amount) as open_amount
    from journals
    left join own_journals on journals.document_key = own_journals.document_key
    where own_journals.document_key is null
    group by journals.connection, journals.customer_key, journals.cause_id
),

measured as (
    select
        lost.*,
        coalesce(owned.amount, 0) as own_amount,
        coalesce(owned.open_amount, 0) as own_open_amount,
        coalesce(settled.amount, 0) as settled_amount,
        coalesce(pooled.amount, 0) as pool_amount,
        coalesce(pooled.open_amount, 0) as pool_open_amount,
        greatest(lost.applied_amount - coalesce(owned.amount, 0), 0) as claim,
        greatest(lost.applied_amount - coalesce(settled.amount, 0) - coalesce(owned.open_amount, 0), 0) as open_claim
    from lost
    left join owned
        on
            lost.psp_payment_key = owned.psp_payment_key
            and lost.erp_payment_key = owned.erp_payment_key
    left join settled
        on
            lost.psp_payment_key = settled.psp_payment_key
            and lost.erp_payment_key = settled.erp_payment_key
    left join pooled
        on
            lost.erp_connection = pooled.connection
            and lost.customer_key = pooled.customer_key
            and lost.cause_id = pooled.cause_id
),

queued as (
    select
        *,
        sum(claim) over in_order - claim as claimed_before,
        sum(open_claim) over in_order - open_claim as open_claimed_before
    from measured
    window in_order as (
        partition by erp_connection, customer_key, cause_id
        order by {{ id_order('erp_payment_id') }}, psp_payment_key
        rows unbounded preceding
    )
),

put_back as (
    select
        erp_connection,
        psp_payment_key,
        erp_payment_key,
        erp_payment_id,
        customer_key,
        currency,
        payment_amount,
        applied_amount,
        settled_amount,
        -- Of a payment that can still be changed our own journals are half of the way: it has yet to settle them.
        not is_deposited and own_amount > 0 as is_half_reversed,
        {{ money('own_amount + greatest(least(claim, pool_amount - claimed_before), 0)') }} as reopened_amount,
        {{ money('own_open_amount + greatest(least(open_claim, pool_open_amount - open_claimed_before), 0)') }} as open_reopened_amount,
        cause_id,
        cause,
        first_seen_at
    from queued
)

select * from put_back
