with

relationships as (
    select * from {{ latest(source('raw_netsuite', 'customersubsidiaryrelationship'), 'id') }}
),

read as (
    select
        connection,
        {{ key('netsuite', 'connection', 'entity') }} as customer_key,
        subsidiary as subsidiary_id,
        coalesce(isprimarysub, false) as is_primary
    from relationships
    where version_rank = 1 and not coalesce(is_gone, false)
)

select * from read
