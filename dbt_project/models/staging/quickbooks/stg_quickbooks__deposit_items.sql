with

lines as (select * from {{ ref('stg_quickbooks__transaction_lines') }}),

transactions as (select * from {{ ref('stg_quickbooks__transactions') }}),

read as (
    select
        lines.connection,
        lines.transaction_key as deposit_key,
        payments.transaction_key as payment_key,
        {{ money('sum(lines.line_amount)') }} as item_amount
    from lines
    inner join transactions as deposits
        on
            lines.connection = deposits.connection
            and lines.transaction_id = deposits.transaction_id
    inner join transactions as payments
        on
            lines.connection = payments.connection
            and lines.linked_id = payments.transaction_id
    where
        lines.transaction_type = 'deposit'
        and lines.linked_type = 'Payment'
        and not deposits.is_deleted
        and not payments.is_deleted
    group by lines.connection, lines.transaction_key, payments.transaction_key
)

select * from read
