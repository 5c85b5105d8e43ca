with

attachments as (select * from {{ ref('report_attachments') }}),

documents as (select * from {{ ref('int_report_documents') }}),

final as (
    select
        attachments.attachment_key,
        attachments.document_key,
        attachments.connection,
        attachments.file_name,
        attachments.size_bytes,
        attachments.sha256,
        attachments.landing_path,
        attachments.modified_at
    from attachments
    inner join documents on attachments.document_key = documents.document_key
)

select * from final
