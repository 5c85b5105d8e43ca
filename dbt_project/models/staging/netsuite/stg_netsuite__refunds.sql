with

transactions as (select * from {{ ref('stg_netsuite__transactions') }}),

lines as (select * from {{ ref('stg_netsuite__transaction_lines') }}),

main_lines as (
    select connection, transaction_id, max(account_id) as account_id
    from lines
    where is_main
    group by connection, transaction_id
),

read as (
    select
        transactions.connection,
        transactions.transaction_key as refund_key,
        transactions.transaction_id as refund_id,
        transactions.transaction_number as refund_number,
        transactions.customer_key,
        transactions.subsidiary_id,
        transactions.currency,
        transactions.exchange_rate,
        transactions.total_amount as refund_amount,
        transactions.transaction_date as refund_date,
        coalesce(main_lines.account_id, transactions.account_id) as account_id,
        transactions.memo,
        transactions.external_id,
        transactions.is_deleted,
        transactions.first_seen_at
    from transactions
    left join main_lines
        on
            transactions.connection = main_lines.connection
            and transactions.transaction_id = main_lines.transaction_id
    where transactions.transaction_type = 'CustRfnd'
)

select * from read
