{{ union_systems('erp', 'landed_records', ['connection', 'table_name', 'record_id', 'measure', 'amount']) }}
