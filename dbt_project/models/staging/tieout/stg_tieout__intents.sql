with

intents as (select * from {{ latest(source('raw_tieout', 'intent'), 'intent_key') }}),

read as (
    select
        intent_key,
        connection,
        kind,
        state,
        erp_id,
        cast(attempts as integer) as attempts,
        last_error,
        last_attempt_at,
        created_at,
        payload,
        subject_key
    from intents
    where version_rank = 1 and not coalesce(is_gone, false)
)

select * from read
