with

transactions as (select * from {{ ref('stg_quickbooks__transactions') }}),

lines as (select * from {{ ref('stg_quickbooks__transaction_lines') }}),

-- QuickBooks' custom fields are a list; ours are names and values. A purchase order's number is one of them, under a usual name.
fields as (
    {{ x_json_records('transactions', 'custom_fields', ['connection', 'transaction_id'], ['Name', 'StringValue']) }}
),

named_fields as (
    select
        connection,
        transaction_id,
        '{' || {{ dbt.listagg(x_json_string('name') ~ " || ': ' || " ~ x_json_string('stringvalue'), "', '", 'order by name') }} || '}'
            as custom_fields,
        min(case when lower(translate(name, '. #', '')) in ('po', 'ponumber', 'purchaseorder', 'purchaseordernumber') then stringvalue end)
            as purchase_order
    from fields
    where name is not null and stringvalue is not null
    group by connection, transaction_id
),

bills as (
    select
        transactions.connection,
        transactions.transaction_key as document_key,
        transactions.transaction_id as document_id,
        transactions.transaction_id,
        cast('0' as {{ dbt.type_string() }}) as line_id,
        case transactions.transaction_type when 'invoice' then 'invoice' else 'credit_note' end as document_type,
        transactions.transaction_number as document_number,
        transactions.customer_id,
        transactions.customer_key,
        cast(null as {{ dbt.type_string() }}) as subsidiary_id,
        transactions.currency,
        transactions.exchange_rate,
        {{ money("case transactions.transaction_type when 'invoice' then 1 else -1 end * transactions.total_amount") }} as document_amount,
        {{ money("case transactions.transaction_type when 'invoice' then 1 else -1 end * transactions.source_open_amount") }}
            as source_open_amount,
        transactions.transaction_date as issued_date,
        transactions.due_date,
        transactions.terms,
        transactions.memo,
        named_fields.purchase_order,
        cast(null as {{ dbt.type_string() }}) as external_id,
        false as is_pending_approval,
        true as is_posting,
        transactions.is_deleted,
        named_fields.custom_fields,
        transactions.created_at,
        transactions.modified_at,
        transactions.first_seen_at,
        transactions.load_id
    from transactions
    left join named_fields
        on
            transactions.connection = named_fields.connection
            and transactions.transaction_id = named_fields.transaction_id
    where transactions.transaction_type in ('invoice', 'credit_memo')
),

-- A line on receivables that names a customer is a document of its own, of a journal or of a deposit (money that a customer sent).
journals as (
    select
        transactions.connection,
        {{ key('quickbooks', 'transactions.connection', "transactions.transaction_id || '.' || lines.line_id") }} as document_key,
        transactions.transaction_id || '.' || lines.line_id as document_id,
        transactions.transaction_id,
        lines.line_id,
        cast('journal' as {{ dbt.type_string() }}) as document_type,
        transactions.transaction_number as document_number,
        lines.customer_id,
        {{ key('quickbooks', 'transactions.connection', 'lines.customer_id') }} as customer_key,
        cast(null as {{ dbt.type_string() }}) as subsidiary_id,
        transactions.currency,
        transactions.exchange_rate,
        lines.debit_positive_amount as document_amount,
        cast(null as decimal(18, 4)) as source_open_amount,
        transactions.transaction_date as issued_date,
        cast(null as date) as due_date,
        cast(null as {{ dbt.type_string() }}) as terms,
        -- Both are read for what they cite: the record's note and the line's own words.
        coalesce(transactions.memo || ' ' || lines.memo, transactions.memo, lines.memo) as memo,
        cast(null as {{ dbt.type_string() }}) as purchase_order,
        cast(null as {{ dbt.type_string() }}) as external_id,
        false as is_pending_approval,
        true as is_posting,
        transactions.is_deleted,
        cast(null as {{ dbt.type_string() }}) as custom_fields,
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
        lines.transaction_type in ('journal_entry', 'deposit')
        and lines.is_receivable
        and lines.customer_id is not null
),

unioned as (
    select * from bills
    union all
    select * from journals
)

select * from unioned
