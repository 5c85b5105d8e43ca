{#- What each kind of transaction has of the columns that not all have, in the order of `columns`. -#}
{%- set text = dbt.type_string() -%}
{%- set columns = {
    'customer_id': text, 'due_date': 'date', 'term_id': text, 'source_open_amount': 'decimal(18, 4)', 'reference': text,
    'method_id': text, 'account_id': text, 'cash_back': text, 'custom_fields': text,
} -%}
{%- set kinds = {
    'invoice': {
        'customer_id': 'customer', 'due_date': 'due_date', 'term_id': 'sales_term', 'source_open_amount': 'balance',
        'custom_fields': 'custom_fields',
    },
    'credit_memo': {'customer_id': 'customer', 'source_open_amount': 'coalesce(remaining_credit, balance)'},
    'payment': {
        'customer_id': 'customer', 'source_open_amount': 'unapplied_amt', 'reference': 'payment_ref_num',
        'method_id': 'payment_method', 'account_id': 'deposit_to_account',
    },
    'refund_receipt': {
        'customer_id': 'customer', 'reference': 'payment_ref_num', 'method_id': 'payment_method',
        'account_id': 'deposit_to_account',
    },
    'deposit': {'account_id': 'deposit_to_account', 'cash_back': 'cash_back'},
    'journal_entry': {},
} -%}
with

{% for kind, has in kinds.items() -%}
{{ kind }}s as (
    select
        '{{ kind }}' as transaction_type,
        connection,
        id,
        doc_number,
        {%- for column, type in columns.items() %}
        cast({{ has.get(column, 'null') }} as {{ type }}) as {{ column }},
        {%- endfor %}
        currency,
        exchange_rate,
        total_amt,
        txn_date,
        private_note,
        lines,
        linked_txn,
        create_time,
        last_updated_time,
        coalesce(is_gone, false) as is_gone,
        first_seen_at,
        _dlt_load_id as load_id
    from {{ latest(source('raw_quickbooks', kind), 'id') }}
    where version_rank = 1 and not coalesce(is_deleted, false)
),

{% endfor -%}
transactions as (
    {%- for kind in kinds %}
    select * from {{ kind }}s
    {{- '\n    union all' if not loop.last }}
    {%- endfor %}
),

terms as (select * from {{ latest(source('raw_quickbooks', 'term'), 'id') }}),

methods as (select * from {{ latest(source('raw_quickbooks', 'payment_method'), 'id') }}),

connections as (select * from {{ ref('stg_tieout__connections') }}),

preferences as (select * from {{ ref('stg_quickbooks__preferences') }}),

-- A voided record stays, with nothing in it and a note that says so.
judged as (
    select
        *,
        transaction_type <> 'journal_entry'
        and coalesce(total_amt, 0) = 0
        and coalesce(lower(trim(private_note)) like 'voided%', false) as is_voided
    from transactions
),

read as (
    select
        judged.connection,
        judged.id as transaction_id,
        {{ key('quickbooks', 'judged.connection', 'judged.id') }} as transaction_key,
        judged.transaction_type,
        judged.doc_number as transaction_number,
        judged.customer_id,
        {{ key('quickbooks', 'judged.connection', 'judged.customer_id') }} as customer_key,
        coalesce(upper(judged.currency), preferences.home_currency) as currency,
        cast(judged.exchange_rate as decimal(20, 10)) as exchange_rate,
        {{ money('coalesce(judged.total_amt, 0)') }} as total_amount,
        judged.source_open_amount,
        judged.txn_date as transaction_date,
        judged.due_date,
        terms.name as terms,
        judged.private_note as memo,
        judged.reference,
        coalesce(methods.name, judged.method_id) as payment_method,
        judged.account_id,
        judged.is_voided,
        judged.is_gone,
        judged.is_gone or judged.is_voided as is_deleted,
        judged.lines,
        judged.linked_txn,
        judged.cash_back,
        judged.custom_fields,
        judged.create_time as created_at,
        judged.last_updated_time as modified_at,
        judged.first_seen_at,
        judged.load_id
    from judged
    left join terms
        on
            judged.connection = terms.connection
            and judged.term_id = terms.id
            and terms.version_rank = 1
    left join methods
        on
            judged.connection = methods.connection
            and judged.method_id = methods.id
            and methods.version_rank = 1
    left join connections on judged.connection = connections.connection
    left join preferences on judged.connection = preferences.connection
    -- What the settings no longer ask for stays in raw and is out of the books.
    where
        case
            when judged.transaction_type in ('invoice', 'credit_memo', 'journal_entry') then coalesce(connections.has_documents, true)
            else coalesce(connections.has_payments, true)
        end
)

select * from read
