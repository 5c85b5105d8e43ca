-- Live applications of records in scope. The debit side may be a record that was never loaded: it still uses the payment up.
with

applications as (select * from {{ ref('erp_applications') }}),

documents as (select * from {{ ref('int_erp_documents') }}),

payments as (select * from {{ ref('int_erp_payments') }}),

all_documents as (select * from {{ ref('erp_documents') }}),

credit_sides as (
    select payment_key from payments
    where not is_deleted
    union
    select document_key as payment_key from documents
    where not is_deleted
),

left_out as (
    select all_documents.document_key
    from all_documents
    left join documents on all_documents.document_key = documents.document_key
    where documents.document_key is null
),

scoped as (
    select applications.*
    from applications
    inner join credit_sides on applications.payment_key = credit_sides.payment_key
    left join left_out on applications.document_key = left_out.document_key
    where left_out.document_key is null
)

select * from scoped
