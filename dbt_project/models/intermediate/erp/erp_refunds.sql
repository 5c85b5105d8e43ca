{{ union_systems('erp', 'refunds', [
    'connection', 'refund_key', 'refund_id', 'refund_number', 'customer_key', 'subsidiary_id', 'currency',
    'exchange_rate', 'refund_amount', 'refund_date', 'account_id', 'memo', 'external_id', 'is_deleted',
    'first_seen_at',
]) }}
