-- No record settles or is settled by more than its amount. The ERPs refuse it, so it means that we read something wrong.
{{ config(severity='warn') }}
with

documents as (select * from {{ ref('ar_documents') }}),

payments as (select * from {{ ref('ar_payments') }}),

-- A credit that was put on a payment is more than the payment brought.
credited as (
    select document_key as payment_key, sum(applied_amount) as credited_amount
    from {{ ref('ar_applications') }}
    where document_type = 'payment'
    group by document_key
)

select document_key as record_key, document_amount as amount, open_amount
from documents
where
    not is_deleted
    and system in ('{{ var("erps") | join("', '") }}')
    and (sign(document_amount) * sign(open_amount) < 0 or abs(open_amount) > abs(document_amount))
union all
select payments.payment_key, payments.payment_amount, payments.unapplied_amount
from payments
left join credited on payments.payment_key = credited.payment_key
where
    not payments.is_deleted
    and (payments.unapplied_amount < 0 or payments.unapplied_amount > payments.payment_amount + coalesce(credited.credited_amount, 0))
