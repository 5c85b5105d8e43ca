{{ union_systems('psp', 'disputes', [
    'connection', 'dispute_id', 'dispute_key', 'payment_key', 'currency', 'dispute_amount', 'status',
    'reason', 'is_money_withdrawn', 'is_open', 'created_at', 'first_seen_at',
]) }}
