{%- set fields = [
    'id', 'mainline', 'linesequencenumber', 'account', 'foreignamount', 'netamount', 'debit', 'credit',
    'item', 'item_name', 'quantity', 'memo', 'entity', 'taxline', 'subsidiary', 'foreignpaymentamountunused',
] -%}
with

transactions as (select * from {{ ref('stg_netsuite__transactions') }}),

accounts as (select * from {{ ref('stg_netsuite__accounts') }}),

headers as (select connection as line_connection, transaction_id, lines from transactions),

lines as (
    {{ x_json_records('headers', 'lines', ['line_connection', 'transaction_id'], fields) }}
),

typed as (
    select
        lines.*,
        {{ x_try_money('lines.foreignamount') }} as signed_amount,
        coalesce({{ x_try_money('lines.debit') }}, 0) as debit_amount,
        coalesce({{ x_try_money('lines.credit') }}, 0) as credit_amount,
        {{ x_try_money('lines.foreignpaymentamountunused') }} as unused_amount
    from lines
),

read as (
    select
        transactions.connection,
        transactions.transaction_id,
        transactions.transaction_key,
        transactions.transaction_type,
        typed.id as line_id,
        cast(typed.linesequencenumber as integer) as line_number,
        upper(coalesce(typed.mainline, 'F')) in ('T', 'TRUE') as is_main,
        upper(coalesce(typed.taxline, 'F')) in ('T', 'TRUE') as is_tax,
        typed.account as account_id,
        accounts.account_type,
        coalesce(accounts.is_receivable, false) as is_receivable,
        -- The amount is in the transaction's currency; its side comes from the posting where that is given.
        {{ money("case
            when typed.debit_amount <> 0 and typed.credit_amount = 0 then abs(coalesce(typed.signed_amount, typed.debit_amount))
            when typed.credit_amount <> 0 and typed.debit_amount = 0 then -abs(coalesce(typed.signed_amount, typed.credit_amount))
            else typed.signed_amount
        end") }} as debit_positive_amount,
        {{ money('typed.signed_amount') }} as line_amount,
        {{ money('typed.unused_amount') }} as unused_amount,
        typed.item as item_id,
        typed.item_name,
        cast(typed.quantity as decimal(18, 4)) as quantity,
        typed.memo,
        coalesce(typed.entity, transactions.customer_id) as entity_id,
        coalesce(typed.subsidiary, transactions.subsidiary_id) as subsidiary_id
    from typed
    inner join transactions
        on
            typed.line_connection = transactions.connection
            and typed.transaction_id = transactions.transaction_id
    left join accounts
        on
            typed.line_connection = accounts.connection
            and typed.account = accounts.account_id
)

select * from read
