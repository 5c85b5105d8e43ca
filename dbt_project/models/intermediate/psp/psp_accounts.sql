{{ union_systems('psp', 'accounts', [
    'connection', 'account_id', 'country', 'default_currency', 'time_zone', 'business_name',
]) }}
