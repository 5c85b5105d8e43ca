{{ union_systems('erp', 'control_balances', [
    'connection', 'customer_key', 'currency', 'basis', 'as_of_date', 'open_amount', 'unapplied_amount',
    'first_seen_at',
]) }}
