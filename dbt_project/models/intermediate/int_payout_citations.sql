-- Live ERP deposits that carry the id of a payout in their memo or external id.
with

deposits as (
    select *, coalesce(memo, '') || ' ' || coalesce(external_id, '') as reference_text
    from {{ ref('int_erp_deposits') }}
    where not is_deleted
),

found as (
    {{ x_find_all('deposits', 'reference_text', id_pattern(['po']), ['deposit_key'], 'payout_id') }}
),

cited as (select distinct deposit_key, payout_id from found),

connected as (select distinct erp_connection from {{ ref('int_psp_links') }}),

payouts as (
    select payouts.*, links.erp_connection
    from {{ ref('psp_payouts') }} as payouts
    inner join {{ ref('int_psp_links') }} as links on payouts.connection = links.psp_connection
),

joined as (
    select
        cited.payout_id,
        payouts.payout_key,
        deposits.deposit_key,
        deposits.deposit_id,
        deposits.connection as erp_connection,
        deposits.currency,
        deposits.deposit_amount,
        deposits.first_seen_at,
        row_number() over (
            partition by deposits.connection, cited.payout_id
            order by {{ id_order('deposits.deposit_id') }}
        ) as citation_rank
    from cited
    inner join deposits on cited.deposit_key = deposits.deposit_key
    inner join connected on deposits.connection = connected.erp_connection
    left join payouts
        on
            cited.payout_id = payouts.payout_id
            and deposits.connection = payouts.erp_connection
)

select * from joined
