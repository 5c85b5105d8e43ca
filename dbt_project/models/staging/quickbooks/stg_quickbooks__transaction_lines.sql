{%- set fields = [
    'Id', 'LineNum', 'Description', 'Amount', 'DetailType', 'LinkedTxn', 'SalesItemLineDetail', 'DiscountLineDetail',
    'DepositLineDetail', 'JournalEntryLineDetail',
] -%}
with

transactions as (select * from {{ ref('stg_quickbooks__transactions') }}),

accounts as (select * from {{ ref('stg_quickbooks__accounts') }}),

headers as (
    select connection as line_connection, transaction_id, {{ x_json_exact('lines') }} as lines
    from transactions
),

lines as (
    {{ x_json_records('headers', 'lines', ['line_connection', 'transaction_id'], fields, 'place') }}
),

detailed as (
    select
        line_connection,
        transaction_id,
        place,
        coalesce(id, 'n' || cast(place as {{ dbt.type_string() }})) as line_id,
        description as memo,
        {{ x_try_money('amount') }} as amount,
        coalesce(detailtype, 'none') as detail_type,
        coalesce(
            {{ x_json_text(x_json_text('salesitemlinedetail', 'ItemAccountRef'), 'value') }},
            {{ x_json_text(x_json_text('discountlinedetail', 'DiscountAccountRef'), 'value') }},
            {{ x_json_text(x_json_text('depositlinedetail', 'AccountRef'), 'value') }},
            {{ x_json_text(x_json_text('journalentrylinedetail', 'AccountRef'), 'value') }}
        ) as account_id,
        {{ x_json_text(x_json_text('salesitemlinedetail', 'ItemRef'), 'value') }} as item_id,
        {{ x_json_text(x_json_text('salesitemlinedetail', 'ItemRef'), 'name') }} as item_name,
        {{ x_try_money(x_json_text('salesitemlinedetail', 'Qty')) }} as quantity,
        {{ x_json_text('journalentrylinedetail', 'PostingType') }} as posting_type,
        -- A journal names an entity by type and reference, a deposit by a reference that bears its type.
        lower(coalesce(
            {{ x_json_text(x_json_text('journalentrylinedetail', 'Entity'), 'Type') }},
            {{ x_json_text(x_json_text('depositlinedetail', 'Entity'), 'type') }}
        )) as entity_type,
        coalesce(
            {{ x_json_text(x_json_text(x_json_text('journalentrylinedetail', 'Entity'), 'EntityRef'), 'value') }},
            {{ x_json_text(x_json_text('depositlinedetail', 'Entity'), 'value') }}
        ) as entity_id,
        {{ x_json_text(x_json_first('linkedtxn'), 'TxnId') }} as linked_id,
        {{ x_json_text(x_json_first('linkedtxn'), 'TxnType') }} as linked_type,
        {{ x_json_text(x_json_first('linkedtxn'), 'TxnLineId') }} as linked_line
    from lines
),

read as (
    select
        transactions.connection,
        transactions.transaction_id,
        transactions.transaction_key,
        transactions.transaction_type,
        detailed.line_id,
        cast(detailed.place as integer) as line_number,
        detailed.detail_type,
        detailed.memo,
        detailed.amount as line_amount,
        -- Only a journal and a deposit say by their lines what they post; of a deposit every line is what the bank receives.
        {{ money("case
            when transactions.transaction_type = 'deposit' then -detailed.amount
            when transactions.transaction_type = 'journal_entry' and detailed.posting_type = 'Debit' then detailed.amount
            when transactions.transaction_type = 'journal_entry' and detailed.posting_type = 'Credit' then -detailed.amount
        end") }} as debit_positive_amount,
        detailed.account_id,
        coalesce(accounts.is_receivable, false) as is_receivable,
        detailed.item_id,
        detailed.item_name,
        detailed.quantity,
        -- On receivables an entity without a type can only be a customer.
        case
            when detailed.entity_type = 'customer' or (detailed.entity_type is null and accounts.is_receivable) then detailed.entity_id
        end as customer_id,
        detailed.linked_id,
        detailed.linked_type,
        detailed.linked_line
    from detailed
    inner join transactions
        on
            detailed.line_connection = transactions.connection
            and detailed.transaction_id = transactions.transaction_id
    left join accounts
        on
            detailed.line_connection = accounts.connection
            and detailed.account_id = accounts.account_id
)

select * from read
