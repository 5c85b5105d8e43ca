with

attachments as (select * from {{ ref('report_attachments') }}),

matched as (select * from {{ ref('ar_attachments') }}),

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
    left join matched on attachments.attachment_key = matched.attachment_key
    where matched.attachment_key is null
)

select * from final
