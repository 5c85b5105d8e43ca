{{ union_systems('erp', 'deposits', [
    'connection', 'deposit_key', 'deposit_id', 'deposit_number', 'subsidiary_id', 'currency',
    'exchange_rate', 'deposit_amount', 'deposit_date', 'account_id', 'memo', 'external_id', 'is_deleted',
    'created_at', 'first_seen_at',
]) }}
