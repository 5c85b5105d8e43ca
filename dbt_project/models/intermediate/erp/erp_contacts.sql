{{ union_systems('erp', 'contacts', [
    'connection', 'contact_id', 'contact_key', 'customer_key', 'contact_name', 'first_name', 'last_name',
    'job_title', 'email', 'phone', 'alternate_phone', 'mobile_phone', 'is_inactive', 'is_deleted',
]) }}
