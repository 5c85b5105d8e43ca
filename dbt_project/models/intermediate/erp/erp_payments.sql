{{ union_systems('erp', 'payments', [
    'connection', 'payment_key', 'payment_id', 'payment_type', 'payment_number', 'customer_id',
    'customer_key', 'subsidiary_id', 'currency', 'exchange_rate', 'payment_amount',
    'source_unapplied_amount', 'payment_date', 'payment_method', 'account_id', 'is_deposited', 'memo',
    'external_id', 'custom_fields', 'is_deleted', 'created_at', 'modified_at', 'first_seen_at', 'load_id',
]) }}
