{{ union_systems('psp', 'payout_items', [
    'connection', 'payout_key', 'balance_transaction_key',
]) }}
