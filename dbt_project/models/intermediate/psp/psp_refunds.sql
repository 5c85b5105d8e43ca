{{ union_systems('psp', 'refunds', [
    'connection', 'refund_id', 'refund_key', 'payment_key', 'currency', 'refund_amount', 'status',
    'reason', 'balance_transaction_id', 'created_at', 'first_seen_at', 'succeeded_seen_at',
]) }}
