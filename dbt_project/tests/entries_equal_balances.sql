-- The ledger's two paths agree: legs on receivables and money on account against documents and payments.
with

entries as (
    select customer_key, currency, sum(amount) as amount
    from {{ ref('ar_entries') }}
    where book in ('erp', 'report') and account in ('receivable', 'unapplied_cash') and customer_key is not null
    group by customer_key, currency
),

not_posting as (
    select customer_key, currency, sum(open_amount) as amount
    from {{ ref('ar_documents') }}
    where not is_posting
    group by customer_key, currency
),

balances as (
    select
        balances.customer_key,
        balances.currency,
        balances.balance_amount - coalesce(not_posting.amount, 0) as amount
    from {{ ref('ar_balances') }} as balances
    left join not_posting
        on
            balances.customer_key = not_posting.customer_key
            and balances.currency = not_posting.currency
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
