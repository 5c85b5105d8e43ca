{{ union_systems('report', 'attachments', [
    'connection', 'attachment_key', 'file_name', 'invoice_ref', 'size_bytes', 'sha256',
    'landing_path', 'modified_at', 'first_seen_at',
]) }}
