-- Every ERP document with what its own applications leave open. Money only ever moves by a dated application. What is not approved is
-- not in the ERP's ledger: nobody owes it.
with

documents as (select * from {{ ref('int_erp_documents') }}),

applications as (select * from {{ ref('int_erp_applications') }}),

moves as (
    select document_key, -applied_amount as amount from applications
    union all
    select payment_key as document_key, applied_amount as amount from applications
),

moved as (
    select document_key, sum(amount) as amount
    from moves
    group by document_key
),

opened as (
    select
        documents.*,
        {{ effective_due_date('documents.due_date', 'documents.issued_date') }} as effective_due_date,
        {{ money("case
            when documents.is_deleted or documents.is_pending_approval then 0
            else coalesce(documents.document_amount, 0) + coalesce(moved.amount, 0)
        end") }} as open_amount
    from documents
    left join moved on documents.document_key = moved.document_key
)

select * from opened
