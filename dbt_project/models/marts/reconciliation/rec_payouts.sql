with

payouts as (select * from {{ ref('int_payout_states') }}),

citations as (select * from {{ ref('int_payout_citations') }}),

all_payouts as (select distinct payout_id from {{ ref('psp_payouts') }}),

undeposited as (
    select
        {{ break_row('payouts.open_reason', 'payouts.erp_connection', 'payouts.payout_key', 'null',
            'payouts.payout_amount', 'null', 'payouts.currency', 'coalesce(payouts.paid_seen_at, payouts.first_seen_at)',
            "case payouts.open_reason
                when 'negative_payout' then 'the provider drew money from the bank; the ERP takes no deposit for that. Remedy: enter it by hand'
                when 'manual_payout' then 'the provider cannot say what is in a manual payout. Remedy: deposit it by hand'
                when 'before_activation' then 'holds payments made before ' || payouts.activated_on || '. Remedy: deposit it by hand'
                when 'item_unmatched' then 'not booked exactly once: ' || payouts.unmatched_keys
                else 'planned once every payment in it is booked'
            end") }}
    from payouts
    where status = 'paid' and deposit_key is null
),

differing as (
    select
        {{ break_row("'deposit_amount_differs'", 'payouts.erp_connection', 'payouts.payout_key', 'payouts.deposit_key',
            'payouts.payout_amount', 'payouts.deposit_amount', 'payouts.currency',
            later('payouts.first_seen_at', 'payouts.deposit_seen_at'), "'Remedy: correct the deposit'") }}
    from payouts
    where deposit_key is not null and status in ('paid', 'in_transit', 'pending') and deposit_amount <> payout_amount
),

failed as (
    select
        {{ break_row("'payout_failed'", 'payouts.erp_connection', 'payouts.payout_key', 'payouts.deposit_key',
            'null', 'payouts.deposit_amount', 'payouts.currency',
            later('payouts.failed_seen_at', 'payouts.deposit_seen_at'),
            "'the bank sent it back (' || coalesce(payouts.failure_code, payouts.status) || '). Remedy: reverse the deposit'") }}
    from payouts
    where status in ('failed', 'canceled') and deposit_key is not null
),

duplicates as (
    select
        {{ break_row("'duplicate_deposit'", 'citations.erp_connection', 'citations.payout_key', 'citations.deposit_key',
            'null', 'citations.deposit_amount', 'citations.currency', 'citations.first_seen_at',
            "'an earlier deposit already carries this payout'") }}
    from citations
    where citation_rank > 1 and payout_key is not null
),

unknown_payouts as (
    select
        {{ break_row("'missing_payout'", 'citations.erp_connection', 'null', 'citations.deposit_key',
            'null', 'citations.deposit_amount', 'citations.currency', 'citations.first_seen_at',
            "'cites ' || citations.payout_id || ', which no connected account has'") }}
    from citations
    left join all_payouts on citations.payout_id = all_payouts.payout_id
    where all_payouts.payout_id is null
),

residuals as (
    select
        {{ break_row("'waterfall_residual'", 'payouts.erp_connection', 'payouts.payout_key', 'null',
            'payouts.payout_amount', 'payouts.items_amount', 'payouts.currency', 'payouts.first_seen_at',
            "payouts.item_count || ' members do not add up to the payout'") }}
    from payouts
    where
        status = 'paid'
        and is_automatic
        and coalesce(reconciliation_status, 'completed') = 'completed'
        and items_amount <> payout_amount
),

final as (
    select * from undeposited
    union all
    select * from differing
    union all
    select * from failed
    union all
    select * from duplicates
    union all
    select * from unknown_payouts
    union all
    select * from residuals
)

select * from final
