{{ union_systems('erp', 'customers', [
    'connection', 'customer_id', 'customer_key', 'customer_number', 'customer_name', 'parent_customer_key',
    'is_person', 'email', 'phone', 'alternate_phone', 'fax', 'website', 'currency', 'terms', 'credit_limit', 'segment', 'notes', 'external_id',
    'is_inactive', 'custom_fields', 'is_deleted', 'modified_at', 'first_seen_at',
]) }}
