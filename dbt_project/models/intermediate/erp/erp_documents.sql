{{ union_systems('erp', 'documents', [
    'connection', 'document_key', 'document_id', 'transaction_id', 'line_id', 'document_type',
    'document_number', 'customer_id', 'customer_key', 'subsidiary_id', 'currency', 'exchange_rate',
    'document_amount', 'source_open_amount', 'issued_date', 'due_date', 'terms', 'memo', 'purchase_order',
    'external_id', 'is_pending_approval', 'is_posting', 'is_deleted', 'custom_fields', 'created_at',
    'modified_at', 'first_seen_at', 'load_id',
]) }}
