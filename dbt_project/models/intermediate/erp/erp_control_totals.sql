{{ union_systems('erp', 'control_totals', [
    'connection', 'table_name', 'measure', 'currency', 'window_start', 'window_end', 'row_count', 'total_amount',
    'first_seen_at', 'load_id',
]) }}
