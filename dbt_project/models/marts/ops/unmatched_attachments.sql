with

attachments as (select * from {{ ref('report_attachments') }}),

documents as (select * from {{ ref('int_report_documents') }}),

final as (
    select
        attachments.attachment_key,
        attachments.connection,
        attachments.file_name,
        attachments.invoice_ref,
        attachments.size_bytes,
        attachments.modified_at,
        attachments.first_seen_at
    from attachments
    left join documents on attachments.document_key = documents.document_key
    where documents.document_key is null
)

select * from final
