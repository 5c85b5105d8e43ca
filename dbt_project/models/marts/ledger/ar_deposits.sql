with

deposits as (select * from {{ ref('int_erp_deposits') }}),

rates as (select * from {{ ref('int_base_rates') }}),

connections as (select connection, environment from {{ ref('stg_tieout__connections') }}),

items as (
    select deposit_key, count(*) as payment_count, sum(item_amount) as payments_amount
    from {{ ref('erp_deposit_items') }}
    group by deposit_key
),

payouts as (
    select deposit_key, min(payout_key) as payout_key
    from {{ ref('int_payout_citations') }}
    group by deposit_key
),

final as (
    select
        deposits.deposit_key,
        deposits.system,
        deposits.connection,
        deposits.deposit_id,
        deposits.deposit_number,
        deposits.currency,
        deposits.deposit_amount,
        rates.base_currency,
        {{ convert('deposits.deposit_amount', 'rates.base_rate', 'rates.base_exponent') }} as base_amount,
        deposits.deposit_date,
        deposits.account_id,
        cast(coalesce(items.payment_count, 0) as integer) as payment_count,
        {{ money('coalesce(items.payments_amount, 0)') }} as payments_amount,
        payouts.payout_key,
        case when deposits.is_deleted then 'deleted' else 'posted' end as status,
        deposits.memo,
        deposits.external_id,
        deposits.is_deleted,
        {{ record_url('deposits.system', 'connections.environment', "'deposit'", 'deposits.deposit_id') }} as source_url,
        deposits.created_at
    from deposits
    left join rates on deposits.deposit_key = rates.record_key
    left join items on deposits.deposit_key = items.deposit_key
    left join payouts on deposits.deposit_key = payouts.deposit_key
    left join connections on deposits.connection = connections.connection
)

select * from final
