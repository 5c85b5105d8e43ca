with

balances as (select * from {{ ref('ar_balances') }}),

controls as (select * from {{ ref('erp_control_balances') }}),

left_out as (select * from {{ ref('int_customer_scope') }}),

controlled as (select distinct connection from controls),

compared as (
    select
        coalesce(balances.connection, controls.connection) as connection,
        coalesce(balances.customer_key, controls.customer_key) as customer_key,
        coalesce(balances.currency, controls.currency) as currency,
        coalesce(balances.balance_amount, 0) as ledger_amount,
        coalesce(controls.open_amount - controls.unapplied_amount, 0) as control_amount,
        controls.first_seen_at
    from balances
    full outer join controls
        on
            balances.customer_key = controls.customer_key
            and balances.currency = controls.currency
),

final as (
    select
        {{ break_row("'aging_differs'", 'compared.connection', 'compared.customer_key', 'compared.customer_key',
            'compared.ledger_amount', 'compared.control_amount', 'compared.currency', 'compared.first_seen_at',
            "'the ERP itself says another balance. Remedy: resync the customer'") }}
    from compared
    inner join controlled on compared.connection = controlled.connection
    left join left_out on compared.customer_key = left_out.customer_key
    where left_out.customer_key is null and compared.ledger_amount <> compared.control_amount
)

select * from final
