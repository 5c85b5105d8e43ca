-- What has landed and lives, in the terms in which NetSuite counts it for control_total.
with

transactions as (select * from {{ latest(source('raw_netsuite', 'transaction'), 'id') }}),

customers as (select * from {{ latest(source('raw_netsuite', 'customer'), 'id') }}),

contacts as (select * from {{ latest(source('raw_netsuite', 'contact'), 'id') }}),

landed as (
    select
        connection,
        'transaction' as table_name,
        id as record_id,
        type || '|' || coalesce(currency, '') as measure,
        {{ money('foreigntotal') }} as amount
    from transactions
    where version_rank = 1 and not coalesce(is_gone, false)
    union all
    select connection, 'customer' as table_name, id as record_id, 'all' as measure, {{ money('null') }} as amount
    from customers
    where version_rank = 1 and not coalesce(is_gone, false)
    union all
    select connection, 'contact' as table_name, id as record_id, 'all' as measure, {{ money('null') }} as amount
    from contacts
    where version_rank = 1 and not coalesce(is_gone, false)
)

select * from landed
