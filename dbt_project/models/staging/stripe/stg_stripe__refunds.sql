{%- set seen_as = [
    "min(case when version_log.status = 'succeeded' then version_log._extracted_at end) over all_versions as succeeded_seen_at",
] -%}
with

refunds as (select * from {{ latest(source('raw_stripe', 'refund'), 'id', seen_as) }}),

units as (select * from {{ ref('currency_units') }}),

read as (
    select
        refunds.connection,
        refunds.id as refund_id,
        {{ key('stripe', 'refunds.connection', 'refunds.id') }} as refund_key,
        {{ key('stripe', 'refunds.connection', 'refunds.charge') }} as payment_key,
        upper(refunds.currency) as currency,
        {{ from_minor('refunds.amount', 'coalesce(units.psp_unit, 0.01)') }} as refund_amount,
        refunds.status,
        refunds.reason,
        refunds.balance_transaction as balance_transaction_id,
        refunds.created as created_at,
        refunds.first_seen_at,
        refunds.succeeded_seen_at
    from refunds
    left join units on upper(refunds.currency) = units.currency
    where refunds.version_rank = 1
)

select * from read
