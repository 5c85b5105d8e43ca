{{ union_systems('psp', 'balance_transactions', [
    'connection', 'balance_transaction_id', 'balance_transaction_key', 'currency', 'gross_amount',
    'fee_amount', 'net_amount', 'transaction_type', 'category', 'status', 'source_id', 'payment_key',
    'description', 'available_at', 'created_at', 'first_seen_at',
]) }}
