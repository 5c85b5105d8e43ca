-- What each record posts. Journals and deposits say it by their lines; of the others it follows from what they are.
with

transactions as (
    select * from {{ ref('stg_quickbooks__transactions') }}
    where not is_deleted
),

lines as (select * from {{ ref('stg_quickbooks__transaction_lines') }}),

document_lines as (select * from {{ ref('stg_quickbooks__document_lines') }}),

accounts as (select * from {{ ref('stg_quickbooks__accounts') }}),

-- QuickBooks has one account of each of these kinds unless a person made more.
company_accounts as (
    select
        connection,
        min(case when account_sub_type = 'UndepositedFunds' then account_id end) as undeposited_id
    from accounts
    group by connection
),

postings as (
    -- the record as a whole
    select
        transaction_key, transaction_key || '#0' as line_key, customer_key, true as is_main,
        case transaction_type
            when 'invoice' then 'receivable'
            when 'credit_memo' then 'receivable'
            when 'payment' then 'undeposited'
            else 'bank'
        end as usual_account,
        account_id,
        case when transaction_type in ('credit_memo', 'refund_receipt') then -total_amount else total_amount end as line_amount
    from transactions
    where transaction_type <> 'journal_entry'
    union all
    -- what was sold, or taken back
    select
        transactions.transaction_key, document_lines.line_key, transactions.customer_key, false,
        case when document_lines.is_tax then 'tax' else 'revenue' end,
        document_lines.account_id, -document_lines.line_amount
    from document_lines
    inner join transactions on document_lines.document_key = transactions.transaction_key
    union all
    -- what a payment settles, and what of it stays on account
    select
        transaction_key, transaction_key || '#applied', customer_key, false, 'receivable', null,
        coalesce(source_open_amount, 0) - total_amount
    from transactions
    where transaction_type = 'payment'
    union all
    select
        transaction_key, transaction_key || '#on_account', customer_key, false, 'unapplied_cash', null, -source_open_amount
    from transactions
    where transaction_type = 'payment'
    union all
    -- journals and deposits, line by line; a linked line takes its record out of undeposited funds
    select
        lines.transaction_key, lines.transaction_key || '#' || lines.line_id,
        {{ key('quickbooks', 'lines.connection', 'lines.customer_id') }}, false,
        case when lines.linked_id is not null and lines.account_id is null then 'undeposited' else 'other' end,
        coalesce(lines.account_id, case when lines.linked_id is not null then company_accounts.undeposited_id end),
        lines.debit_positive_amount
    from lines
    left join company_accounts on lines.connection = company_accounts.connection
    where lines.debit_positive_amount is not null
    union all
    -- cash that was kept back from a deposit
    select
        transaction_key, transaction_key || '#cash_back', null, false, 'other',
        {{ x_json_text(x_json_text('cash_back', 'AccountRef'), 'value') }},
        {{ x_try_money(x_json_text(x_json_exact('cash_back'), 'Amount')) }}
    from transactions
    where transaction_type = 'deposit' and cash_back is not null
),

read as (
    select
        transactions.connection,
        postings.line_key,
        postings.transaction_key,
        transactions.transaction_type,
        postings.customer_key,
        cast(null as {{ dbt.type_string() }}) as subsidiary_id,
        postings.account_id,
        case when postings.usual_account = 'tax' then 'tax' else coalesce(accounts.ledger_account, postings.usual_account) end
            as ledger_account,
        transactions.currency,
        transactions.exchange_rate,
        postings.is_main,
        {{ money('postings.line_amount') }} as line_amount,
        transactions.transaction_date as entry_date
    from postings
    inner join transactions on postings.transaction_key = transactions.transaction_key
    left join accounts
        on
            transactions.connection = accounts.connection
            and postings.account_id = accounts.account_id
    where postings.line_amount <> 0
)

select * from read
