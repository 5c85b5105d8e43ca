-- One row per payout that some books reconcile: what stands between it and its deposit. The first reason that applies.
with

payouts as (
    select payouts.*, links.erp_connection, links.erp_system, links.activated_on
    from {{ ref('psp_payouts') }} as payouts
    inner join {{ ref('int_psp_links') }} as links on payouts.connection = links.psp_connection
),

items as (select * from {{ ref('int_payout_items') }}),

postings as (select * from {{ ref('int_payment_postings') }}),

citations as (
    select
        payout_key, min(deposit_key) as deposit_key, min(deposit_amount) as deposit_amount, min(currency) as deposit_currency,
        min(first_seen_at) as deposit_seen_at
    from {{ ref('int_payout_citations') }}
    where payout_key is not null and citation_rank = 1
    group by payout_key
),

charges as (
    select
        items.payout_key,
        items.payment_key,
        postings.payment_key is null or coalesce(postings.is_active, false) as is_active,
        postings.payment_key is not null
        and (
            (postings.citation_count = 0 and postings.is_exact)
            or (
                postings.citation_count > 0
                and not postings.is_partly_booked
                and postings.duplicate_count = 0
                and postings.other_customer_count = 0
                and postings.booked_amount = postings.payment_amount
            )
            or (postings.is_partly_booked and postings.is_exact)
        ) as is_matched
    from items
    left join postings on items.payment_key = postings.payment_key
    where items.category = 'charge'
),

judged as (
    select
        payout_key,
        sum(case when is_active then 0 else 1 end) as inactive_count,
        sum(case when is_matched then 0 else 1 end) as unmatched_count,
        {{ dbt.listagg('case when not is_matched then payment_key end', "', '", 'order by payment_key') }} as unmatched_keys
    from charges
    group by payout_key
),

totals as (
    select payout_key, sum(net_amount) as net_amount, count(*) as item_count
    from items
    group by payout_key
),

states as (
    select
        payouts.*,
        citations.deposit_key,
        citations.deposit_amount,
        citations.deposit_currency,
        citations.deposit_seen_at,
        {{ money('coalesce(totals.net_amount, 0)') }} as items_amount,
        coalesce(totals.item_count, 0) as item_count,
        judged.unmatched_keys,
        case
            when payouts.payout_amount < 0 then 'negative_payout'
            when not payouts.is_automatic then 'manual_payout'
            when judged.inactive_count > 0 then 'before_activation'
            when judged.unmatched_count > 0 then 'item_unmatched'
            else 'missing_deposit'
        end as open_reason
    from payouts
    left join citations on payouts.payout_key = citations.payout_key
    left join judged on payouts.payout_key = judged.payout_key
    left join totals on payouts.payout_key = totals.payout_key
)

select * from states
