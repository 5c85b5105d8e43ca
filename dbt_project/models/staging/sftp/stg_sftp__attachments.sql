with

attachments as (select * from {{ latest(source('raw_sftp', 'attachment'), 'file_name') }}),

read as (
    select
        connection,
        {{ key('sftp', 'connection', 'file_name') }} as attachment_key,
        file_name,
        invoice_ref,
        cast(size as bigint) as size_bytes,
        sha256,
        landing_path,
        modified_at,
        first_seen_at
    from attachments
    where version_rank = 1 and not coalesce(is_gone, false)
)

select * from read
