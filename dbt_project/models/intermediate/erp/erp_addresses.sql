{{ union_systems('erp', 'addresses', [
    'connection', 'address_key', 'customer_key', 'address_type', 'addressee', 'attention', 'line1', 'line2', 'line3', 'city', 'region',
    'postal_code', 'country', 'phone', 'is_deleted',
]) }}
