{{ union_systems('erp', 'applications', [
    'connection', 'application_key', 'payment_key', 'payment_type', 'document_key', 'document_type',
    'currency', 'applied_amount', 'applied_date', 'linked_by', 'linked_date', 'linked_rate', 'is_left_out',
]) }}
