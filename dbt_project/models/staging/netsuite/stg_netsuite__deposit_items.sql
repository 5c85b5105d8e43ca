with

links as (select * from {{ ref('stg_netsuite__links') }}),

read as (
    select
        connection,
        {{ key('netsuite', 'connection', 'next_id') }} as deposit_key,
        {{ key('netsuite', 'connection', 'previous_id') }} as payment_key,
        {{ money('sum(abs(linked_amount))') }} as item_amount
    from links
    where next_type = 'Deposit' and not is_previous_deleted
    group by connection, next_id, previous_id
)

select * from read
