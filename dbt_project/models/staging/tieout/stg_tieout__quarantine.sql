with

quarantine as (select * from {{ latest(source('raw_tieout', 'quarantine'), 'table_name, record_key, reason') }}),

read as (
    select
        connection,
        table_name,
        record_key,
        reason,
        remedy,
        payload,
        first_seen_at
    from quarantine
    where version_rank = 1 and not coalesce(is_gone, false)
)

select * from read
