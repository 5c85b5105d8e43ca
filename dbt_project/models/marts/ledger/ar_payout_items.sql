with

items as (select * from {{ ref('int_payout_items') }}),

final as (
    select
        payout_key || '>' || balance_transaction_id as payout_item_key,
        payout_key,
        system,
        connection,
        balance_transaction_key,
        category,
        transaction_type,
        payment_key,
        source_id,
        currency,
        gross_amount,
        fee_amount,
        net_amount,
        description,
        created_at
    from items
)

select * from final
