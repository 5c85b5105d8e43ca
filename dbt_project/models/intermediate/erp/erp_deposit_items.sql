{{ union_systems('erp', 'deposit_items', [
    'connection', 'deposit_key', 'payment_key', 'item_amount',
]) }}
