with

attachments as (select * from {{ ref('report_attachments') }}),

-- Where two scopes have an invoice of that number, the file does not say whose it is.
documents as (
    select connection, invoice_ref, min(document_key) as document_key
    from {{ ref('int_report_documents') }}
    group by connection, invoice_ref
    having count(*) = 1
),

final as (
    select
        attachments.attachment_key,
        documents.document_key,
        attachments.connection,
        attachments.file_name,
        attachments.size_bytes,
        attachments.sha256,
        attachments.landing_path,
        attachments.modified_at
    from attachments
    inner join documents
        on
            attachments.connection = documents.connection
            and attachments.invoice_ref = documents.invoice_ref
)

select * from final
