-- What a credit is applied to is a document, a refund or a payment of this ledger, unless it was never loaded.
{{ config(severity='warn') }}
select applications.*
from {{ ref('ar_applications') }} as applications
left join {{ ref('ar_documents') }} as documents on applications.document_key = documents.document_key
left join {{ ref('ar_refunds') }} as refunds on applications.document_key = refunds.refund_key
left join {{ ref('ar_payments') }} as payments on applications.document_key = payments.payment_key
where documents.document_key is null and refunds.refund_key is null and payments.payment_key is null
