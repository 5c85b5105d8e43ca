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
    where mode is not null and not is_held_by_period and not has_mixed_subsidiaries and not is_without_account
),

noted as (
    select
        worded.*,
        case
            when worded.is_bank
                then {{ memo_text('worded.memo_template', {
                    'id': 'worded.charge_id', 'amount': 'worded.amount_text', 'reference': 'worded.statement_descriptor',
                    'description': 'worded.description', 'counterparty': 'worded.counterparty', 'bank_id': 'worded.bank_id',
                    'date_paid': 'cast(worded.charge_date as varchar)', 'invoices': 'worded.invoice_numbers',
                }) }}
            else {{ memo_text('worded.memo_template', {
                'charge_id': 'worded.charge_id', 'source_id': 'worded.charge_id', 'payment_id': 'worded.platform_payment_id',
                'amount': 'worded.amount_text',
                'currency': 'worded.currency', 'date': 'cast(worded.charge_date as varchar)', 'psp': 'worded.psp_system',
                'method': 'worded.psp_method', 'customer_id': 'worded.customer_id', 'invoices': 'worded.invoice_numbers',
            }) }}
        end as memo
    from worded
),

final as (
    select
        noted.intent_key,
        noted.connection,
        'payment' as kind,
        noted.payment_key as subject_key,
        noted.customer_key,
        noted.amount,
        noted.currency,
        {{ json_object([
            ['customer_id', x_json_string('noted.customer_id')],
            ['currency', x_json_string('noted.currency')],
            ['amount', x_json_string('noted.amount_text')],
            ['date', x_json_string('noted.date_text')],
            ['memo', x_json_string('noted.memo')],
            ['method', x_json_string('noted.erp_method')],
            ['account', x_json_string('noted.account')],
            ['subsidiary_id', x_json_string('noted.subsidiary_id')],
            ['applications', 'noted.applications'],
        ]) }} as payload,
        noted.evidence_method || ' names ' || noted.evidence_keys
        || case when noted.rest_amount > 0
                then '; ' || {{ money_text('noted.rest_amount', 'noted.exponent') }} || ' stays on account'
            else ''
        end
        || case when noted.erp_method is null
                then '; no payment method is mapped to ' || coalesce(noted.psp_method, 'none')
            else ''
        end
        || case when noted.booking_date <> noted.charge_date
                then '; dated ' || noted.date_text || ' because the period of ' || cast(noted.charge_date as varchar) || ' is closed'
            else ''
        end
            as evidence,
        noted.mode,
        intents.state as intent_state
    from noted
    left join intents on noted.intent_key = intents.intent_key
)

select * from final
