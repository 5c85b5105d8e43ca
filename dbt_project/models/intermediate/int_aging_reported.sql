-- What the ledger has open on the day that an ERP's own aging report speaks of, in the company's currency: each record at its own rate,
-- rounded by itself, as the report does it. A record without a rate counts nothing, and so shows as a difference.
with

reports as (
    select distinct connection, as_of_date
    from {{ ref('erp_control_balances') }}
    where basis = 'aging'
),

open_items as (
    select * from (
        {{ aging_asof('reports') }}
    ) as items
),

documents as (select * from {{ ref('int_open_documents') }}),

rates as (select * from {{ ref('int_base_rates') }}),

connections as (select * from {{ ref('stg_tieout__connections') }}),

units as (select * from {{ ref('currency_units') }}),

-- A record that links two documents has its own day. Where one of the two is later, the other is used up on the day all the same, and what
-- it was used for stands on the linking record, at that one's rate.
linked_early as (
    select
        applications.*,
        credits.customer_key,
        debits.issued_date > reports.as_of_date as is_debit_later
    from {{ ref('int_erp_applications') }} as applications
    inner join reports on applications.connection = reports.connection
    inner join documents as credits on applications.payment_key = credits.document_key
    inner join documents as debits on applications.document_key = debits.document_key
    where
        applications.linked_date <= reports.as_of_date
        and (credits.issued_date > reports.as_of_date) <> (debits.issued_date > reports.as_of_date)
),

parts as (
    select
        open_items.connection, open_items.customer_key, open_items.item_key, open_items.currency, open_items.open_amount,
        cast(null as decimal(20, 10)) as linked_rate
    from open_items
    inner join reports
        on
            open_items.connection = reports.connection
            and open_items.as_of_date = reports.as_of_date
    union all
    select
        connection, customer_key, case when is_debit_later then payment_key else document_key end, currency,
        case when is_debit_later then applied_amount else -applied_amount end, null
    from linked_early
    union all
    select
        connection, customer_key, linked_by, currency, case when is_debit_later then -applied_amount else applied_amount end, linked_rate
    from linked_early
),

items as (
    select
        connection, customer_key, item_key, currency, sum(open_amount) as open_amount, max(linked_rate) as linked_rate
    from parts
    group by connection, customer_key, item_key, currency
),

rated as (
    select
        items.*,
        connections.base_currency,
        coalesce(rates.own_rate, case when items.currency = connections.base_currency then 1 else items.linked_rate end) as own_rate,
        units.exponent as base_exponent
    from items
    inner join connections on items.connection = connections.connection
    left join units on connections.base_currency = units.currency
    left join rates on items.item_key = rates.record_key
),

summed as (
    select
        connection,
        customer_key,
        max(base_currency) as currency,
        {{ money('sum(coalesce(' ~ convert('open_amount', 'own_rate', 'base_exponent') ~ ', 0))') }} as open_amount
    from rated
    where customer_key is not null
    group by connection, customer_key
)

select * from summed
