{{ union_systems('erp', 'gl_lines', [
    'connection', 'line_key', 'transaction_key', 'transaction_type', 'customer_key', 'subsidiary_id',
    'account_id', 'ledger_account', 'currency', 'exchange_rate', 'is_main', 'line_amount', 'entry_date',
]) }}
