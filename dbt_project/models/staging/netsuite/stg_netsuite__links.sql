{%- set fields = ['previousdoc', 'previousline', 'previoustype', 'previousdate', 'nextline', 'foreignamount', 'linktype'] -%}
with

transactions as (select * from {{ ref('stg_netsuite__transactions') }}),

headers as (
    select connection, transaction_id, transaction_key, transaction_type, transaction_date, first_seen_at, applications
    from transactions
    where not is_deleted
),

links as (
    {{ x_json_records(
        'headers', 'applications',
        ['connection', 'transaction_id', 'transaction_key', 'transaction_type', 'transaction_date', 'first_seen_at'],
        fields,
    ) }}
),

previous as (
    select connection, transaction_id, transaction_type, currency, transaction_date, is_deleted from transactions
),

read as (
    select
        links.connection,
        links.transaction_id as next_id,
        links.transaction_type as next_type,
        links.nextline as next_line,
        links.transaction_date as next_date,
        links.previousdoc as previous_id,
        coalesce(previous.transaction_type, links.previoustype) as previous_type,
        coalesce(links.previousline, '0') as previous_line,
        coalesce(previous.transaction_date, cast({{ dbt.safe_cast('substring(links.previousdate, 1, 10)', 'date') }} as date))
            as previous_date,
        links.linktype as link_type,
        {{ x_try_money('links.foreignamount') }} as linked_amount,
        coalesce(previous.is_deleted, false) as is_previous_deleted,
        links.first_seen_at
    from links
    left join previous
        on
            links.connection = previous.connection
            and links.previousdoc = previous.transaction_id
)

select * from read
