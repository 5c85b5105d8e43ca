{{ union_systems('report', 'reports', [
    'connection', 'report_id', 'report_key', 'file_name', 'path', 'report_date', 'scope', 'status',
    'reason', 'sequence', 'row_count', 'total_amount', 'modified_at', 'first_seen_at',
]) }}
