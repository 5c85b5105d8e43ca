{{ union_systems('erp', 'rates', [
    'connection', 'base_currency', 'currency', 'effective_date', 'exchange_rate',
]) }}
