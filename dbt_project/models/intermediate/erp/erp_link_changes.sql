{{ union_systems('erp', 'link_changes', [
    'connection', 'transaction_id', 'last_link_load_id',
]) }}
