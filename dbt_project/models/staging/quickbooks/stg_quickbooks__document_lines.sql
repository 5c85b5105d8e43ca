-- Lines of invoices, credit memos and refund receipts, signed as they add to what the customer owes or owed.
with

transactions as (
    select * from {{ ref('stg_quickbooks__transactions') }}
    where transaction_type in ('invoice', 'credit_memo', 'refund_receipt')
),

lines as (
    select * from {{ ref('stg_quickbooks__transaction_lines') }}
    where transaction_type in ('invoice', 'credit_memo', 'refund_receipt')
),

-- A subtotal repeats the lines above it; a description has no amount. A discount is stated without its sign.
signed as (
    select
        *,
        case transaction_type when 'invoice' then 1 else -1 end
        * case detail_type when 'DiscountLineDetail' then -1 else 1 end
        * line_amount as signed_amount
    from lines
    where detail_type not in ('SubTotalLineDetail', 'DescriptionOnly', 'DescriptionLineDetail')
),

sums as (
    select
        connection,
        transaction_id,
        sum(signed_amount) as lines_amount,
        sum(case when signed_amount is null then 1 else 0 end) as unread_count
    from signed
    group by connection, transaction_id
),

-- QuickBooks keeps sales tax beside the lines: a total is its lines and the tax, nothing else. Where every line could be read,
-- the rest is the tax.
taxes as (
    select
        transactions.connection,
        transactions.transaction_key,
        {{ money("case transactions.transaction_type when 'invoice' then 1 else -1 end * transactions.total_amount - sums.lines_amount") }}
            as tax_amount
    from transactions
    inner join sums
        on
            transactions.connection = sums.connection
            and transactions.transaction_id = sums.transaction_id
    where sums.unread_count = 0
),

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
        {{ money('signed_amount') }} as line_amount,
        detail_type = 'TaxLineDetail' as is_tax,
        memo
    from signed
    where signed_amount is not null
    union all
    select
        connection,
        transaction_key || '#tax' as line_key,
        transaction_key as document_key,
        'tax' as line_id,
        cast(null as integer) as line_number,
        cast(null as {{ dbt.type_string() }}) as account_id,
        cast(null as {{ dbt.type_string() }}) as item_id,
        cast(null as {{ dbt.type_string() }}) as item_name,
        cast(null as decimal(18, 4)) as quantity,
        tax_amount as line_amount,
        true as is_tax,
        cast(null as {{ dbt.type_string() }}) as memo
    from taxes
    where tax_amount <> 0
)

select * from read
