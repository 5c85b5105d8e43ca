{{ union_systems('erp', 'landed_records', [
    'connection', 'table_name', 'record_id', 'measure', 'customer_key', 'subsidiary_id', 'currency', 'amount',
]) }}
