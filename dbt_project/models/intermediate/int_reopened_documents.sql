-- Invoices that lost money still pays in the ERP, with what open journals put back of them: those that name the invoice, then any other of
-- the payment's, over its invoices in order.
with

lost as (
    select * from {{ ref('int_lost_payments') }}
    where open_reopened_amount > 0
),

applications as (
    select * from {{ ref('int_erp_applications') }}
    where document_type = 'invoice'
),

documents as (select document_key, document_id from {{ ref('int_open_documents') }}),

journals as (
    select * from {{ ref('int_reversal_journals') }}
    where open_amount > 0
),

paid as (
    select
        lost.*,
        applications.document_key,
        documents.document_id,
        applications.applied_amount as paid_amount
    from lost
    inner join applications on lost.erp_payment_key = applications.payment_key
    inner join documents on applications.document_key = documents.document_key
),

named as (
    select paid.psp_payment_key, paid.erp_payment_key, paid.document_key, sum(journals.open_amount) as amount
    from paid
    inner join journals
        on
            paid.erp_connection = journals.connection
            and paid.customer_key = journals.customer_key
            and paid.cause_id = journals.cause_id
            and replace(journals.reference_text, 'tieout_reversal_' || paid.erp_payment_id || '_', '') <> journals.reference_text
            and replace(journals.reference_text, '(id ' || paid.document_id || ')', '') <> journals.reference_text
    group by paid.psp_payment_key, paid.erp_payment_key, paid.document_key
),

matched as (
    select
        paid.*,
        least(paid.paid_amount, coalesce(named.amount, 0)) as named_amount
    from paid
    left join named
        on
            paid.psp_payment_key = named.psp_payment_key
            and paid.erp_payment_key = named.erp_payment_key
            and paid.document_key = named.document_key
),

queued as (
    select
        *,
        open_reopened_amount - sum(named_amount) over (partition by psp_payment_key, erp_payment_key) as pool_amount,
        sum(paid_amount - named_amount) over (
            partition by psp_payment_key, erp_payment_key
            order by {{ id_order('document_id') }}
            rows unbounded preceding
        ) - (paid_amount - named_amount) as claimed_before
    from matched
),

measured as (
    select
        erp_connection,
        psp_payment_key,
        erp_payment_key,
        erp_payment_id,
        document_key,
        currency,
        {{ money('named_amount + greatest(least(paid_amount - named_amount, pool_amount - claimed_before), 0)') }} as reopened_amount,
        cause,
        first_seen_at
    from queued
),

reopened as (
    select * from measured
    where reopened_amount > 0
)

select * from reopened
