{{ union_systems('erp', 'periods', [
    'connection', 'period_id', 'period_name', 'start_date', 'end_date', 'is_closed', 'is_sealed',
]) }}
