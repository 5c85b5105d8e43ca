with

transactions as (select * from {{ ref('stg_netsuite__transactions') }}),

lines as (select * from {{ ref('stg_netsuite__transaction_lines') }}),

methods as (select * from {{ latest(source('raw_netsuite', 'paymentmethod'), 'id') }}),

main_lines as (
    select connection, transaction_id, max(unused_amount) as unused_amount, max(account_id) as account_id
    from lines
    where is_main
    group by connection, transaction_id
),

read as (
    select
        transactions.connection,
        transactions.transaction_key as payment_key,
        transactions.transaction_id as payment_id,
        case transactions.transaction_type when 'CustPymt' then 'payment' else 'prepayment' end as payment_type,
        transactions.transaction_number as payment_number,
        transactions.customer_id,
        transactions.customer_key,
        transactions.subsidiary_id,
        transactions.currency,
        transactions.exchange_rate,
        transactions.total_amount as payment_amount,
        {{ money('abs(main_lines.unused_amount)') }} as source_unapplied_amount,
        transactions.transaction_date as payment_date,
        coalesce(methods.name, transactions.payment_method) as payment_method,
        coalesce(main_lines.account_id, transactions.account_id) as account_id,
        transactions.status_letter = 'C' as is_deposited,
        transactions.memo,
        transactions.external_id,
        transactions.custom_fields,
        transactions.is_deleted,
        transactions.created_at,
        transactions.modified_at,
        transactions.first_seen_at,
        transactions.load_id
    from transactions
    left join main_lines
        on
            transactions.connection = main_lines.connection
            and transactions.transaction_id = main_lines.transaction_id
    left join methods
        on
            transactions.connection = methods.connection
            and transactions.payment_method = methods.id
            and methods.version_rank = 1
    where transactions.transaction_type in ('CustPymt', 'CustDep')
)

select * from read
