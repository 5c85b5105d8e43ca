with

disputes as (select * from {{ ref('psp_disputes') }}),

payments as (select * from {{ ref('int_psp_payments') }}),

fees as (
    select
        disputes.dispute_key,
        sum(transactions.fee_amount) as fee_amount
    from disputes
    inner join {{ ref('psp_balance_transactions') }} as transactions
        on
            disputes.connection = transactions.connection
            and disputes.dispute_id = transactions.source_id
    group by disputes.dispute_key
),

final as (
    select
        disputes.dispute_key,
        disputes.system,
        disputes.connection,
        disputes.dispute_id,
        disputes.payment_key,
        payments.exact_customer_key as customer_key,
        disputes.currency,
        disputes.dispute_amount,
        {{ money('coalesce(fees.fee_amount, 0)') }} as fee_amount,
        disputes.status,
        disputes.reason,
        disputes.is_money_withdrawn,
        disputes.is_open,
        disputes.created_at
    from disputes
    left join payments on disputes.payment_key = payments.payment_key
    left join fees on disputes.dispute_key = fees.dispute_key
)

select * from final
