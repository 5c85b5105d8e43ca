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

rates as (select * from {{ ref('int_base_rates') }}),

connections as (select * from {{ ref('stg_tieout__connections') }}),

summed as (
    select
        open_items.connection,
        open_items.customer_key,
        max(connections.base_currency) as currency,
        {{ money('sum(coalesce(' ~ convert('open_items.open_amount', 'rates.own_rate', 'rates.base_exponent') ~ ', 0))') }} as open_amount
    from open_items
    inner join reports
        on
            open_items.connection = reports.connection
            and open_items.as_of_date = reports.as_of_date
    inner join connections on open_items.connection = connections.connection
    left join rates on open_items.item_key = rates.record_key
    where open_items.customer_key is not null
    group by open_items.connection, open_items.customer_key
)

select * from summed
