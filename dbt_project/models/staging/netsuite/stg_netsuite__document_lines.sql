with

lines as (select * from {{ ref('stg_netsuite__transaction_lines') }}),

read as (
    select
        connection,
        transaction_key || '#' || line_id as line_key,
        transaction_key as document_key,
        line_id,
        line_number,
        account_id,
        item_id,
        item_name,
        quantity,
        -- Credit positive on an invoice's lines: what the line adds to the bill. A credit memo's take away.
        {{ money("case transaction_type when 'CustInvc' then 1 else -1 end * abs(line_amount)
            * case
                when sum(line_amount) over (partition by connection, transaction_id) = 0 then 1
                when line_amount * sum(line_amount) over (partition by connection, transaction_id) < 0 then -1
                else 1
            end") }} as line_amount,
        is_tax,
        memo
    from lines
    where transaction_type in ('CustInvc', 'CustCred') and not is_main and line_amount is not null and not is_receivable
)

select * from read
