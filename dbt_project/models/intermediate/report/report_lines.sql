{{ union_systems('report', 'report_lines', [
    'connection', 'report_id', 'line_number', 'invoice_ref', 'document_id', 'document_key', 'customer_ref',
    'customer_id', 'customer_key', 'customer_name', 'currency', 'open_amount', 'original_amount', 'invoice_date',
    'due_date', 'is_disputed', 'extra', 'first_seen_at',
]) }}
