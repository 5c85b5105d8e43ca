-- No record settles or is settled by more than its amount. The ERPs refuse it, so it means that we read something wrong.
{{ config(severity='warn') }}
select document_key as record_key, document_amount as amount, open_amount
from {{ ref('ar_documents') }}
where
    not is_deleted
    and system in ('{{ var("erps") | join("', '") }}')
    and (sign(document_amount) * sign(open_amount) < 0 or abs(open_amount) > abs(document_amount))
union all
select payment_key, payment_amount, unapplied_amount
from {{ ref('ar_payments') }}
where not is_deleted and (unapplied_amount < 0 or unapplied_amount > payment_amount)
