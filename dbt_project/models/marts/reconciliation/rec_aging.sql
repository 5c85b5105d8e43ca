with

-- The ledger's two statements of what a customer owes, as an ERP may give them: now and in each currency, and as its aging report does.
balances as (
    select connection, customer_key, currency, 'balance' as basis, balance_amount from {{ ref('ar_balances') }}
    union all
    select connection, customer_key, currency, 'aging' as basis, open_amount from {{ ref('int_aging_reported') }}
),

controls as (select * from {{ ref('erp_control_balances') }}),

left_out as (select * from {{ ref('int_customer_scope') }}),

controlled as (select distinct connection, basis from controls),

compared as (
    select
        coalesce(balances.connection, controls.connection) as connection,
        coalesce(balances.customer_key, controls.customer_key) as customer_key,
        coalesce(balances.currency, controls.currency) as currency,
        coalesce(balances.basis, controls.basis) as basis,
        coalesce(balances.balance_amount, 0) as ledger_amount,
        coalesce(controls.open_amount - controls.unapplied_amount, 0) as control_amount,
        controls.first_seen_at
    from balances
    full outer join controls
        on
            balances.customer_key = controls.customer_key
            and balances.currency = controls.currency
            and balances.basis = controls.basis
),

final as (
    select
        {{ break_row("'aging_differs'", 'compared.connection', 'compared.customer_key', 'compared.customer_key',
            'compared.ledger_amount', 'compared.control_amount', 'compared.currency', 'compared.first_seen_at',
            "case compared.basis
                when 'aging' then 'the ERP''s aging report says another amount. Remedy: resync the customer'
                else 'the ERP itself says another balance. Remedy: resync the customer'
            end", of="compared.currency || '|' || compared.basis") }}
    from compared
    inner join controlled
        on
            compared.connection = controlled.connection
            and compared.basis = controlled.basis
    left join left_out on compared.customer_key = left_out.customer_key
    where left_out.customer_key is null and compared.ledger_amount <> compared.control_amount
)

select * from final
