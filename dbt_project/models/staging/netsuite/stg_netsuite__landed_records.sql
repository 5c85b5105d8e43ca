-- What has landed and lives, in the terms in which NetSuite counts it for control_total.
{%- set fields = ['previousdoc', 'linktype', 'foreignamount'] %}
with

transactions as (
    select * from {{ ref('stg_netsuite__transactions') }}
    where not is_gone
),

links as (
    {{ x_json_records('transactions', 'applications', ['connection', 'transaction_id', 'customer_key'], fields, 'place') }}
),

-- An intercompany journal is of every subsidiary that it has a line of.
subsidiaries as (
    select connection, transaction_id, subsidiary_id from transactions
    union
    select connection, transaction_id, subsidiary_id from {{ ref('stg_netsuite__transaction_lines') }}
    where transaction_type = 'Journal'
),

gone as (
    select connection, transaction_id from {{ ref('stg_netsuite__transactions') }}
    where is_gone
),

landed as (
    select
        transactions.connection,
        'transaction' as table_name,
        transactions.transaction_id as record_id,
        transactions.transaction_type || '|' || coalesce(transactions.currency_id, '') as measure,
        transactions.customer_key,
        subsidiaries.subsidiary_id,
        transactions.currency,
        transactions.source_total_amount as amount
    from transactions
    inner join subsidiaries
        on
            transactions.connection = subsidiaries.connection
            and transactions.transaction_id = subsidiaries.transaction_id
    where transactions.is_asked_for
    union all
    -- A link to a record that NetSuite has deleted is gone with it, although its other end was not touched.
    select
        links.connection,
        'application' as table_name,
        links.transaction_id || '.' || cast(links.place as {{ dbt.type_string() }}) as record_id,
        coalesce(links.linktype, '') as measure,
        links.customer_key,
        subsidiaries.subsidiary_id,
        cast(null as {{ dbt.type_string() }}) as currency,
        {{ x_try_money('links.foreignamount') }} as amount
    from links
    inner join subsidiaries
        on
            links.connection = subsidiaries.connection
            and links.transaction_id = subsidiaries.transaction_id
    left join gone
        on
            links.connection = gone.connection
            and links.previousdoc = gone.transaction_id
    where gone.transaction_id is null
    union all
    select
        connection,
        'customer' as table_name,
        customer_id as record_id,
        'all' as measure,
        customer_key,
        cast(null as {{ dbt.type_string() }}) as subsidiary_id,
        cast(null as {{ dbt.type_string() }}) as currency,
        {{ money('null') }} as amount
    from {{ ref('stg_netsuite__customers') }}
    where not is_deleted
    union all
    select
        connection,
        'contact' as table_name,
        contact_id as record_id,
        'all' as measure,
        customer_key,
        cast(null as {{ dbt.type_string() }}) as subsidiary_id,
        cast(null as {{ dbt.type_string() }}) as currency,
        {{ money('null') }} as amount
    from {{ ref('stg_netsuite__contacts') }}
    where not is_deleted
)

select * from landed
