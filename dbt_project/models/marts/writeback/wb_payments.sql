with

planned as (select * from {{ ref('int_planned_payments') }}),

intents as (select * from {{ ref('stg_tieout__intents') }}),

worded as (
    select
        planned.*,
        'tieout_payment_' || charge_id || '_' || customer_id as intent_key,
        {{ money_text('amount', 'exponent') }} as amount_text,
        cast(booking_date as {{ dbt.type_string() }}) as date_text
    from planned
    where mode is not null and not is_held_by_period and not has_mixed_subsidiaries
),

final as (
    select
        worded.intent_key,
        worded.connection,
        'payment' as kind,
        worded.payment_key as subject_key,
        worded.customer_key,
        worded.amount,
        worded.currency,
        {{ json_object([
            ['customer_id', x_json_string('worded.customer_id')],
            ['currency', x_json_string('worded.currency')],
            ['amount', x_json_string('worded.amount_text')],
            ['date', x_json_string('worded.date_text')],
            ['memo', x_json_string(memo_text('worded.memo_template', {
                'charge_id': 'worded.charge_id', 'source_id': 'worded.charge_id', 'payment_id': 'worded.platform_payment_id',
                'amount': 'worded.amount_text',
                'currency': 'worded.currency', 'date': 'cast(worded.charge_date as varchar)', 'psp': 'worded.psp_system',
                'method': 'worded.psp_method', 'customer_id': 'worded.customer_id', 'invoices': 'worded.invoice_numbers',
            }))],
            ['method', x_json_string('worded.erp_method')],
            ['account', x_json_string('worded.holding_account')],
            ['subsidiary_id', x_json_string('worded.subsidiary_id')],
            ['applications', 'worded.applications'],
        ]) }} as payload,
        worded.evidence_method || ' names ' || worded.evidence_keys
        || case when worded.rest_amount > 0
                then '; ' || {{ money_text('worded.rest_amount', 'worded.exponent') }} || ' stays on account'
            else ''
        end
        || case when worded.erp_method is null
                then '; no payment method is mapped to ' || coalesce(worded.psp_method, 'none')
            else ''
        end
        || case when worded.booking_date <> worded.charge_date
                then '; dated ' || worded.date_text || ' because the period of ' || cast(worded.charge_date as varchar) || ' is closed'
            else ''
        end
            as evidence,
        worded.mode,
        intents.state as intent_state
    from worded
    left join intents on worded.intent_key = intents.intent_key
)

select * from final
