{{ union_systems('erp', 'customer_subsidiaries', [
    'connection', 'customer_key', 'subsidiary_id', 'is_primary',
]) }}
