-- Every version counts here: a link that is gone also changed the document it pointed at.
with

versions as (
    select connection, _dlt_load_id as load_id, lines
    from {{ source('raw_quickbooks', 'payment') }}
    {%- if var('as_of_load_id') %}
    where _dlt_load_id <= '{{ var("as_of_load_id") }}'
    {%- endif %}
),

lines as (
    {{ x_json_records('versions', 'lines', ['connection', 'load_id'], ['LinkedTxn']) }}
),

links as (
    select connection, load_id, {{ x_json_text(x_json_first('linkedtxn'), 'TxnId') }} as transaction_id
    from lines
),

read as (
    select
        connection,
        transaction_id,
        max(load_id) as last_link_load_id
    from links
    where transaction_id is not null
    group by connection, transaction_id
)

select * from read
