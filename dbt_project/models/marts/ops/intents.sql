with

intents as (
    select
        *,
        case kind when 'record_update' then {{ x_json_text('payload', 'record_type') }} else kind end as record_type
    from {{ ref('stg_tieout__intents') }}
),

connections as (select connection, system, environment from {{ ref('stg_tieout__connections') }}),

final as (
    select
        intents.intent_key,
        intents.connection,
        intents.kind,
        intents.state,
        intents.erp_id,
        {{ record_url('connections.system', 'connections.environment', 'intents.record_type', 'intents.erp_id') }} as source_url,
        intents.attempts,
        intents.last_error,
        intents.last_attempt_at,
        intents.created_at,
        intents.subject_key,
        intents.payload
    from intents
    left join connections on intents.connection = connections.connection
)

select * from final
