{{ union_systems('erp', 'applications', [
    'connection', 'application_key', 'payment_key', 'payment_type', 'document_key', 'document_type',
    'currency', 'applied_amount', 'applied_date', 'linked_by', 'is_left_out',
]) }}
