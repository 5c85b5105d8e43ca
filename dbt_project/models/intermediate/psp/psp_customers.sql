{{ union_systems('psp', 'customers', [
    'connection', 'psp_customer_id', 'psp_customer_key', 'customer_name', 'email', 'erp_customer_id',
    'is_deleted', 'first_seen_at',
]) }}
