{%- set seen_as = [
    "min(case when version_log.status = 'paid' then version_log._extracted_at end) over all_versions as paid_seen_at",
    "min(case when version_log.status in ('failed', 'canceled') then version_log._extracted_at end) over all_versions as failed_seen_at",
] -%}
with

payouts as (select * from {{ latest(source('raw_stripe', 'payout'), 'id', seen_as) }}),

units as (select * from {{ ref('currency_units') }}),

read as (
    select
        payouts.connection,
        payouts.id as payout_id,
        {{ key('stripe', 'payouts.connection', 'payouts.id') }} as payout_key,
        upper(payouts.currency) as currency,
        {{ from_minor('payouts.amount', 'coalesce(units.psp_unit, 0.01)') }} as payout_amount,
        payouts.status,
        coalesce(payouts.automatic, true) as is_automatic,
        payouts.arrival_date,
        payouts.reconciliation_status,
        payouts.description,
        payouts.statement_descriptor,
        payouts.balance_transaction as balance_transaction_id,
        payouts.failure_code,
        payouts.created as created_at,
        payouts.first_seen_at,
        payouts.paid_seen_at,
        payouts.failed_seen_at
    from payouts
    left join units on upper(payouts.currency) = units.currency
    where payouts.version_rank = 1
)

select * from read
