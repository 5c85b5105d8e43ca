with

transactions as (select * from {{ latest(source('raw_stripe', 'balance_transaction'), 'id') }}),

units as (select * from {{ ref('currency_units') }}),

refunds as (select * from {{ latest(source('raw_stripe', 'refund'), 'id') }}),

disputes as (select * from {{ latest(source('raw_stripe', 'dispute'), 'id') }}),

-- What a transaction is about in the end: a refund's or dispute's charge, or the charge itself.
about as (
    select connection, id, charge from refunds
    where version_rank = 1
    union all
    select connection, id, charge from disputes
    where version_rank = 1
),

read as (
    select
        transactions.connection,
        transactions.id as balance_transaction_id,
        {{ key('stripe', 'transactions.connection', 'transactions.id') }} as balance_transaction_key,
        upper(transactions.currency) as currency,
        {{ from_minor('transactions.amount', 'coalesce(units.psp_unit, 0.01)') }} as gross_amount,
        {{ from_minor('coalesce(transactions.fee, 0)', 'coalesce(units.psp_unit, 0.01)') }} as fee_amount,
        {{ from_minor('transactions.net', 'coalesce(units.psp_unit, 0.01)') }} as net_amount,
        transactions.type as transaction_type,
        coalesce(
            transactions.reporting_category,
            case
                when transactions.type in ('charge', 'payment') then 'charge'
                when transactions.type in ('refund', 'payment_refund') then 'refund'
                when transactions.type = 'payment_failure_refund' then 'charge_failure'
                when transactions.type in ('stripe_fee', 'stripe_fx_fee') then 'fee'
                when transactions.type = 'tax_fee' then 'tax'
                else transactions.type
            end
        ) as category,
        transactions.status,
        transactions.source as source_id,
        {{ key(
            'stripe', 'transactions.connection',
            "coalesce(about.charge, case when substring(transactions.source, 1, 3) in ('ch_', 'py_') then transactions.source end)",
        ) }} as payment_key,
        transactions.description,
        transactions.available_on as available_at,
        transactions.created as created_at,
        transactions.first_seen_at
    from transactions
    left join units on upper(transactions.currency) = units.currency
    left join about
        on
            transactions.connection = about.connection
            and transactions.source = about.id
    where transactions.version_rank = 1
)

select * from read
