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
        transactions.transaction_key as deposit_key,
        transactions.transaction_id as deposit_id,
        transactions.transaction_number as deposit_number,
        transactions.subsidiary_id,
        transactions.currency,
        transactions.exchange_rate,
        transactions.total_amount as deposit_amount,
        transactions.transaction_date as deposit_date,
        coalesce(main_lines.account_id, transactions.account_id) as account_id,
        transactions.memo,
        transactions.external_id,
        transactions.is_deleted,
        transactions.created_at,
        transactions.first_seen_at
    from transactions
    left join main_lines
        on
            transactions.connection = main_lines.connection
            and transactions.transaction_id = main_lines.transaction_id
    where transactions.transaction_type = 'Deposit'
)

select * from read
