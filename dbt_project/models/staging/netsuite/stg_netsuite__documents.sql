with

transactions as (select * from {{ ref('stg_netsuite__transactions') }}),

lines as (select * from {{ ref('stg_netsuite__transaction_lines') }}),

-- What NetSuite has not used yet of a credit memo stands on its main line.
unused as (
    select connection, transaction_id, max(unused_amount) as unused_amount
    from lines
    where is_main
    group by connection, transaction_id
),

bills as (
    select
        transactions.connection,
        transactions.transaction_key as document_key,
        transactions.transaction_id as document_id,
        transactions.transaction_id,
        cast('0' as {{ dbt.type_string() }}) as line_id,
        case transactions.transaction_type when 'CustInvc' then 'invoice' else 'credit_note' end as document_type,
        transactions.transaction_number as document_number,
        transactions.customer_id,
        transactions.customer_key,
        transactions.subsidiary_id,
        transactions.currency,
        transactions.exchange_rate,
        {{ money("case transactions.transaction_type when 'CustInvc' then 1 else -1 end * transactions.total_amount") }}
            as document_amount,
        {{ money("case
            when not transactions.is_posting then null
            when transactions.transaction_type = 'CustInvc' then transactions.unpaid_amount
            else -abs(coalesce(unused.unused_amount, transactions.unpaid_amount))
        end") }} as source_open_amount,
        transactions.transaction_date as issued_date,
        transactions.due_date,
        transactions.terms,
        transactions.memo,
        transactions.purchase_order,
        transactions.external_id,
        not transactions.is_posting as is_pending_approval,
        transactions.is_posting,
        transactions.is_deleted,
        transactions.custom_fields,
        transactions.created_at,
        transactions.modified_at,
        transactions.first_seen_at,
        transactions.load_id
    from transactions
    left join unused
        on
            transactions.connection = unused.connection
            and transactions.transaction_id = unused.transaction_id
    where transactions.transaction_type in ('CustInvc', 'CustCred')
),

-- A journal line on receivables that names a customer is a document of its own; other lines change no customer's balance.
journals as (
    select
        transactions.connection,
        {{ key('netsuite', 'transactions.connection', "transactions.transaction_id || '.' || lines.line_id") }} as document_key,
        transactions.transaction_id || '.' || lines.line_id as document_id,
        transactions.transaction_id,
        lines.line_id,
        cast('journal' as {{ dbt.type_string() }}) as document_type,
        transactions.transaction_number as document_number,
        lines.entity_id as customer_id,
        {{ key('netsuite', 'transactions.connection', 'lines.entity_id') }} as customer_key,
        lines.subsidiary_id,
        transactions.currency,
        transactions.exchange_rate,
        lines.debit_positive_amount as document_amount,
        cast(null as decimal(18, 4)) as source_open_amount,
        transactions.transaction_date as issued_date,
        transactions.due_date,
        transactions.terms,
        coalesce(lines.memo, transactions.memo) as memo,
        transactions.purchase_order,
        transactions.external_id,
        not transactions.is_posting as is_pending_approval,
        transactions.is_posting,
        transactions.is_deleted,
        transactions.custom_fields,
        transactions.created_at,
        transactions.modified_at,
        transactions.first_seen_at,
        transactions.load_id
    from lines
    inner join transactions
        on
            lines.connection = transactions.connection
            and lines.transaction_id = transactions.transaction_id
    where
        lines.transaction_type = 'Journal'
        and lines.is_receivable
        and lines.entity_id is not null
),

unioned as (
    select * from bills
    union all
    select * from journals
)

select * from unioned
