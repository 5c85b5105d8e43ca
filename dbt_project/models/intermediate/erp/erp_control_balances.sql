{{ union_systems('erp', 'control_balances', [
    'connection', 'customer_key', 'currency', 'open_amount', 'unapplied_amount', 'first_seen_at',
]) }}
