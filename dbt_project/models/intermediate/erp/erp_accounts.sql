{{ union_systems('erp', 'accounts', [
    'connection', 'account_id', 'account_key', 'account_number', 'account_name', 'account_type',
    'is_receivable', 'ledger_account', 'is_inactive',
]) }}
