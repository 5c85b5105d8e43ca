{{ union_systems('psp', 'disputes', [
    'connection', 'dispute_id', 'dispute_key', 'payment_key', 'currency', 'dispute_amount', 'status',
    'reason', 'is_money_withdrawn', 'is_open', 'is_won', 'won_seen_at', 'created_at', 'first_seen_at',
]) }}
