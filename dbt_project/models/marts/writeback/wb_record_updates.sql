with

planned as (
    select * from {{ ref('int_record_updates') }}
    where obstacle is null and mode is not null
),

intents as (select * from {{ ref('stg_tieout__intents') }}),

final as (
    select
        planned.intent_key,
        planned.connection,
        'record_update' as kind,
        planned.record_key as subject_key,
        planned.customer_key,
        {{ money('0') }} as amount,
        'XXX' as currency, -- ISO 4217: no currency is involved
        {{ json_object([
            ['record_type', x_json_string('planned.record_type')],
            ['record_id', x_json_string('planned.record_id')],
            ['field', x_json_string('planned.field')],
            ['value', x_json_string('planned.value')],
        ]) }} as payload,
        planned.evidence,
        planned.mode,
        intents.state as intent_state
    from planned
    left join intents on planned.intent_key = intents.intent_key
)

select * from final
