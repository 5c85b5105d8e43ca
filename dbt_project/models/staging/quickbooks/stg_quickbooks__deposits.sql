with

transactions as (select * from {{ ref('stg_quickbooks__transactions') }}),

read as (
    select
        connection,
        transaction_key as deposit_key,
        transaction_id as deposit_id,
        transaction_number as deposit_number,
        cast(null as {{ dbt.type_string() }}) as subsidiary_id,
        currency,
        exchange_rate,
        total_amount as deposit_amount,
        transaction_date as deposit_date,
        account_id,
        memo,
        transaction_number as external_id,
        is_deleted,
        created_at,
        first_seen_at
    from transactions
    where transaction_type = 'deposit'
)

select * from read
