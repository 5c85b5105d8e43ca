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
    where mode <> 'off' and not is_held_by_period and not has_mixed_subsidiaries and not is_without_account
),

remembered as (
    select
        worded.*,
        case
            when worded.is_bank
                then {{ render('worded.memo_template', {
                    'id': 'worded.charge_id', 'amount': 'worded.amount_text', 'reference': 'worded.statement_descriptor',
                    'description': 'worded.description', 'counterparty': 'worded.counterparty', 'bank_id': 'worded.bank_id',
                    'date_paid': 'cast(worded.charge_date as varchar)', 'invoices': 'worded.invoice_numbers',
                }) }}
            else {{ render('worded.memo_template', {
                'charge_id': 'worded.charge_id', 'source_id': 'worded.charge_id', 'amount': 'worded.amount_text',
                'currency': 'worded.currency', 'date': 'cast(worded.charge_date as varchar)', 'psp': 'worded.psp_system',
                'method': 'worded.psp_method', 'customer_id': 'worded.customer_id', 'invoices': 'worded.invoice_numbers',
            }) }}
        end as memo
    from worded
),

final as (
    select
        remembered.intent_key,
        remembered.connection,
        'payment' as kind,
        remembered.payment_key as subject_key,
        remembered.customer_key,
        remembered.amount,
        remembered.currency,
        {{ json_object([
            ['customer_id', x_json_string('remembered.customer_id')],
            ['currency', x_json_string('remembered.currency')],
            ['amount', x_json_string('remembered.amount_text')],
            ['date', x_json_string('remembered.date_text')],
            ['memo', x_json_string('remembered.memo')],
            ['method', x_json_string('remembered.erp_method')],
            ['account', x_json_string('remembered.account')],
            ['subsidiary_id', x_json_string('remembered.subsidiary_id')],
            ['applications', 'remembered.applications'],
        ]) }} as payload,
        remembered.evidence_method || ' names ' || remembered.evidence_keys
        || case when remembered.rest_amount > 0
                then '; ' || {{ money_text('remembered.rest_amount', 'remembered.exponent') }} || ' stays on account'
            else ''
        end
        || case when remembered.erp_method is null
                then '; no payment method is mapped to ' || coalesce(remembered.psp_method, 'none')
            else ''
        end
        || case when remembered.booking_date <> remembered.charge_date
                then '; dated ' || remembered.date_text || ' because the period of ' || cast(remembered.charge_date as varchar) || ' is closed'
            else ''
        end
            as evidence,
        remembered.mode,
        intents.state as intent_state
    from remembered
    left join intents on remembered.intent_key = intents.intent_key
)

select * from final
