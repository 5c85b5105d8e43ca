with

transactions as (select * from {{ ref('stg_quickbooks__transactions') }}),

deposited as (select distinct payment_key from {{ ref('stg_quickbooks__deposit_items') }}),

credited as (
    select distinct document_key as payment_key from {{ ref('stg_quickbooks__applications') }}
    where document_type = 'payment'
),

-- A payment of nothing only links a credit to a debt: no money came. A voided one did bring some, once; and one that keeps more credit
-- than it links debts has that on account.
payments as (
    select transactions.*
    from transactions
    left join credited on transactions.transaction_key = credited.payment_key
    where
        transactions.transaction_type = 'payment'
        and (transactions.total_amount <> 0 or transactions.is_voided or credited.payment_key is not null)
),

read as (
    select
        payments.connection,
        payments.transaction_key as payment_key,
        payments.transaction_id as payment_id,
        'payment' as payment_type,
        coalesce(payments.reference, payments.transaction_number) as payment_number,
        payments.customer_id,
        payments.customer_key,
        cast(null as {{ dbt.type_string() }}) as subsidiary_id,
        payments.currency,
        payments.exchange_rate,
        payments.total_amount as payment_amount,
        payments.source_open_amount as source_unapplied_amount,
        payments.transaction_date as payment_date,
        payments.payment_method,
        payments.account_id,
        deposited.payment_key is not null as is_deposited,
        payments.memo,
        coalesce(payments.reference, payments.transaction_number) as external_id,
        cast(null as {{ dbt.type_string() }}) as custom_fields,
        payments.is_deleted,
        payments.created_at,
        payments.modified_at,
        payments.first_seen_at,
        payments.load_id
    from payments
    left join deposited on payments.transaction_key = deposited.payment_key
)

select * from read
