with

lines as (select * from {{ ref('stg_netsuite__transaction_lines') }}),

transactions as (select * from {{ ref('stg_netsuite__transactions') }}),

accounts as (select * from {{ ref('stg_netsuite__accounts') }}),

read as (
    select
        lines.connection,
        lines.transaction_key || '#' || lines.line_id as line_key,
        lines.transaction_key,
        lines.transaction_type,
        {{ key('netsuite', 'lines.connection', 'lines.entity_id') }} as customer_key,
        lines.subsidiary_id,
        lines.account_id,
        case when lines.is_tax then 'tax' else coalesce(accounts.ledger_account, 'other') end as ledger_account,
        transactions.currency,
        transactions.exchange_rate,
        lines.is_main,
        lines.debit_positive_amount as line_amount,
        transactions.transaction_date as entry_date
    from lines
    inner join transactions
        on
            lines.connection = transactions.connection
            and lines.transaction_id = transactions.transaction_id
    left join accounts
        on
            lines.connection = accounts.connection
            and lines.account_id = accounts.account_id
    where
        not transactions.is_deleted
        and transactions.is_posting
        and lines.debit_positive_amount <> 0
)

select * from read
