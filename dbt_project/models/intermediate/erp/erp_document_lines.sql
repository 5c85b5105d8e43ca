{{ union_systems('erp', 'document_lines', [
    'connection', 'line_key', 'document_key', 'line_id', 'line_number', 'account_id', 'item_id',
    'item_name', 'quantity', 'line_amount', 'is_tax', 'memo',
]) }}
