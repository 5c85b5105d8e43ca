{%- set seen_as = ["min(case when version_log.status = 'won' then version_log._extracted_at end) over all_versions as won_seen_at"] -%}
with

disputes as (select * from {{ latest(source('raw_stripe', 'dispute'), 'id', seen_as) }}),

units as (select * from {{ ref('currency_units') }}),

read as (
    select
        disputes.connection,
        disputes.id as dispute_id,
        {{ key('stripe', 'disputes.connection', 'disputes.id') }} as dispute_key,
        {{ key('stripe', 'disputes.connection', 'disputes.charge') }} as payment_key,
        upper(disputes.currency) as currency,
        {{ from_minor('disputes.amount', 'coalesce(units.psp_unit, 0.01)') }} as dispute_amount,
        disputes.status,
        disputes.reason,
        -- An inquiry takes no money; a dispute takes it at once and gives it back when won.
        disputes.status not in ('won', 'prevented', 'warning_needs_response', 'warning_under_review', 'warning_closed')
            as is_money_withdrawn,
        disputes.status in ('needs_response', 'under_review', 'warning_needs_response', 'warning_under_review') as is_open,
        disputes.status = 'won' as is_won,
        disputes.won_seen_at,
        disputes.created as created_at,
        disputes.first_seen_at
    from disputes
    left join units on upper(disputes.currency) = units.currency
    where disputes.version_rank = 1
)

select * from read
