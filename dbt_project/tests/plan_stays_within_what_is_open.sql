-- Planned payments: no invoice gets more than it has open, and no PSP payment is booked for more than it brought.
select
    'document' as record_type,
    allocations.document_key as record_key,
    documents.open_amount as limit_amount,
    sum(allocations.allocated_amount) as planned_amount
from {{ ref('int_payment_allocations') }} as allocations
inner join {{ ref('ar_documents') }} as documents on allocations.document_key = documents.document_key
group by allocations.document_key, documents.open_amount
having sum(allocations.allocated_amount) > documents.open_amount
union all
select
    'payment' as record_type,
    planned.payment_key as record_key,
    postings.unbooked_amount as limit_amount,
    sum(planned.amount) as planned_amount
from {{ ref('int_planned_payments') }} as planned
inner join {{ ref('int_payment_postings') }} as postings on planned.payment_key = postings.payment_key
group by planned.payment_key, postings.unbooked_amount
having sum(planned.amount) <> postings.unbooked_amount
