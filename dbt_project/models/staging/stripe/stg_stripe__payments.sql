{%- set seen_as = [
    "min(case when version_log.status = 'succeeded' then version_log._extracted_at end) over all_versions as succeeded_seen_at",
    "min(case when version_log.status = 'failed' then version_log._extracted_at end) over all_versions as failed_seen_at",
] -%}
with

charges as (select * from {{ latest(source('raw_stripe', 'charge'), 'id', seen_as) }}),

intents as (select * from {{ latest(source('raw_stripe', 'payment_intent'), 'id') }}),

units as (select * from {{ ref('currency_units') }}),

read as (
    select
        charges.connection,
        charges.id as charge_id,
        {{ key('stripe', 'charges.connection', 'charges.id') }} as payment_key,
        charges.payment_intent as payment_intent_id,
        {{ key('stripe', 'charges.connection', 'charges.customer') }} as psp_customer_key,
        upper(charges.currency) as currency,
        {{ from_minor('charges.amount', 'coalesce(units.psp_unit, 0.01)') }} as payment_amount,
        {{ from_minor('coalesce(charges.amount_refunded, 0)', 'coalesce(units.psp_unit, 0.01)') }} as refunded_amount,
        charges.status,
        charges.failure_code,
        charges.failure_message,
        charges.failure_balance_transaction is not null as is_failed_late,
        charges.payment_method_type as payment_method,
        charges.balance_transaction as balance_transaction_id,
        coalesce(charges.description, intents.description) as description,
        charges.statement_descriptor,
        cast(null as {{ dbt.type_string() }}) as counterparty,
        cast(null as {{ dbt.type_string() }}) as bank_id,
        coalesce({{ x_json_text('charges.metadata', 'customer_source_id') }}, {{ x_json_text('intents.metadata', 'customer_source_id') }})
            as erp_customer_id,
        coalesce({{ x_json_text('charges.metadata', 'invoices_source_id') }}, {{ x_json_text('intents.metadata', 'invoices_source_id') }})
            as erp_document_ids,
        coalesce({{ x_json_text('charges.metadata', 'payment_charge') }}, {{ x_json_text('intents.metadata', 'payment_charge') }})
            as platform_payment_id,
        cast(null as date) as booked_date,
        charges.created as created_at,
        charges.first_seen_at,
        charges.succeeded_seen_at,
        charges.failed_seen_at
    from charges
    left join intents
        on
            charges.connection = intents.connection
            and charges.payment_intent = intents.id
            and intents.version_rank = 1
    left join units on upper(charges.currency) = units.currency
    where charges.version_rank = 1
)

select * from read
