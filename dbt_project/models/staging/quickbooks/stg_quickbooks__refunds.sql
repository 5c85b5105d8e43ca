-- A refund receipt pays money back for something sold and is linked to nothing. Money paid back from what a customer has on account is
-- a check or an expense, of which only the link is read.
with

transactions as (select * from {{ ref('stg_quickbooks__transactions') }}),

links as (
    select * from {{ ref('stg_quickbooks__links') }}
    where linked_document_type = 'refund'
),

receipts as (
    select
        connection,
        transaction_key as refund_key,
        transaction_id as refund_id,
        transaction_number as refund_number,
        customer_key,
        currency,
        exchange_rate,
        total_amount as refund_amount,
        transaction_date as refund_date,
        account_id,
        memo,
        coalesce(reference, transaction_number) as external_id,
        is_deleted,
        first_seen_at
    from transactions
    where transaction_type = 'refund_receipt'
),

paid_out as (
    select
        links.connection,
        links.linked_key as refund_key,
        links.linked_id as refund_id,
        cast(null as {{ dbt.type_string() }}) as refund_number,
        min(links.customer_key) as customer_key,
        min(links.currency) as currency,
        max(payments.exchange_rate) as exchange_rate,
        {{ money('sum(links.linked_amount)') }} as refund_amount,
        max(links.payment_date) as refund_date,
        cast(null as {{ dbt.type_string() }}) as account_id,
        min(payments.memo) as memo,
        cast(null as {{ dbt.type_string() }}) as external_id,
        false as is_deleted,
        min(payments.first_seen_at) as first_seen_at
    from links
    inner join transactions as payments on links.payment_key = payments.transaction_key
    group by links.connection, links.linked_key, links.linked_id
),

unioned as (
    select * from receipts
    union all
    select * from paid_out
),

read as (
    select unioned.*, cast(null as {{ dbt.type_string() }}) as subsidiary_id
    from unioned
)

select * from read
