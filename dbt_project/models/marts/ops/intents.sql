with

intents as (select * from {{ ref('stg_tieout__intents') }}),

final as (
    select
        intent_key,
        connection,
        kind,
        state,
        erp_id,
        attempts,
        last_error,
        last_attempt_at,
        created_at,
        subject_key,
        payload
    from intents
)

select * from final
