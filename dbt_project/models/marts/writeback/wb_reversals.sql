with

reversals as (select * from {{ ref('int_reversals') }}),

connections as (select * from {{ ref('stg_tieout__connections') }}),

units as (select * from {{ ref('currency_units') }}),

intents as (select * from {{ ref('stg_tieout__intents') }}),

worded as (
    select
        reversals.*,
        'tieout_reversal_' || reversals.erp_payment_id || '_' || reversals.cause_id as intent_key,
        {{ money_text('reversals.payment_amount', 'units.exponent') }} as amount_text,
        connections.writeback_reversal as mode
    from reversals
    inner join connections on reversals.erp_connection = connections.connection
    left join units on reversals.currency = units.currency
    where connections.writeback_reversal is not null
),

final as (
    select
        worded.intent_key,
        worded.erp_connection as connection,
        'reversal' as kind,
        worded.psp_payment_key as subject_key,
        worded.customer_key,
        worded.applied_amount as amount,
        worded.currency,
        {{ json_object([
            ['payment_id', x_json_string('worded.erp_payment_id')],
            ['payment_type', x_json_string("'payment'")],
            ['amount', x_json_string('worded.amount_text')],
            ['currency', x_json_string('worded.currency')],
            ['memo', x_json_string("worded.cause")],
        ]) }} as payload,
        worded.cause as evidence,
        worded.mode,
        intents.state as intent_state
    from worded
    left join intents on worded.intent_key = intents.intent_key
)

select * from final
