{{ union_systems('payment', 'payments', [
    'connection', 'charge_id', 'payment_key', 'payment_intent_id', 'psp_customer_key', 'currency',
    'payment_amount', 'refunded_amount', 'status', 'failure_code', 'failure_message', 'is_failed_late',
    'payment_method', 'balance_transaction_id', 'description', 'statement_descriptor', 'counterparty', 'bank_id',
    'erp_customer_id', 'erp_document_ids', 'platform_payment_id', 'booked_date', 'created_at', 'first_seen_at', 'succeeded_seen_at',
    'failed_seen_at',
]) }}
