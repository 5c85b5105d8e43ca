with

payouts as (select * from {{ ref('psp_payouts') }}),

links as (select * from {{ ref('int_psp_links') }}),

citations as (
    select payout_key, min(deposit_key) as deposit_key, min(deposit_id) as deposit_id
    from {{ ref('int_payout_citations') }}
    where payout_key is not null and citation_rank = 1
    group by payout_key
),

intents as (
    {{ sync_states('deposit') }}
),

final as (
    select
        payouts.payout_key,
        payouts.system,
        payouts.connection,
        payouts.payout_id,
        payouts.currency,
        payouts.payout_amount,
        payouts.status,
        payouts.is_automatic,
        payouts.arrival_date,
        payouts.reconciliation_status,
        payouts.failure_code,
        links.erp_connection as reconciled_by,
        citations.deposit_key,
        links.erp_system,
        coalesce(citations.deposit_id, intents.erp_id) as erp_id,
        intents.last_attempt_at,
        intents.last_error,
        payouts.created_at
    from payouts
    left join links on payouts.connection = links.psp_connection
    left join citations on payouts.payout_key = citations.payout_key
    left join intents on payouts.payout_key = intents.subject_key
)

select * from final
