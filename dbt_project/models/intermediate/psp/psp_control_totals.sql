{{ union_systems('psp', 'control_totals', [
    'connection', 'table_name', 'measure', 'currency', 'balance_amount', 'window_end', 'first_seen_at',
]) }}
