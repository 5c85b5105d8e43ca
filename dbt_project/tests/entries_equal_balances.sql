-- The ledger's two paths agree: legs on receivables and money on account against documents and payments.
with

entries as (
    select customer_key, currency, sum(amount) as amount
    from {{ ref('ar_entries') }}
    where book in ('erp', 'report') and account in ('receivable', 'unapplied_cash') and customer_key is not null
    group by customer_key, currency
),

balances as (
    select customer_key, currency, balance_amount as amount from {{ ref('ar_balances') }}
)

select
    balances.customer_key,
    balances.currency,
    balances.amount as balance_amount,
    entries.amount as entries_amount
from balances
left join entries
    on
        balances.customer_key = entries.customer_key
        and balances.currency = entries.currency
where balances.amount <> coalesce(entries.amount, 0)
