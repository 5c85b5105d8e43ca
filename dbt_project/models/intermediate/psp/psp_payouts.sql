{{ union_systems('psp', 'payouts', [
    'connection', 'payout_id', 'payout_key', 'currency', 'payout_amount', 'status', 'is_automatic',
    'arrival_date', 'reconciliation_status', 'description', 'statement_descriptor',
    'balance_transaction_id', 'failure_code', 'created_at', 'first_seen_at', 'paid_seen_at',
    'failed_seen_at',
]) }}
