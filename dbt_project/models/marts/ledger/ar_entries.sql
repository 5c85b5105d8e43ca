with

erp_legs as (select * from {{ ref('int_entries_erp') }}),

psp_legs as (select * from {{ ref('int_entries_psp') }}),

reported as (
    select * from {{ ref('int_report_documents') }}
    where open_amount <> 0
),

connections as (select * from {{ ref('stg_tieout__connections') }}),

legs as (
    select
        'erp' as book, document_key, connection, customer_key, account, account_id, currency, amount, base_amount, entry_date,
        item_key, leg
    from erp_legs
    union all
    select
        'psp', psp_legs.document_key, psp_legs.connection, psp_legs.customer_key, psp_legs.account, null, psp_legs.currency,
        psp_legs.amount, null, psp_legs.entry_date, psp_legs.item_key, psp_legs.leg
    from psp_legs
    union all
    select
        'report', reported.document_key, reported.connection, reported.customer_key, 'receivable', null, reported.currency,
        reported.open_amount, case when reported.currency = connections.base_currency then reported.open_amount end,
        coalesce(reported.issued_date, reported.first_report_date), reported.document_key, 'listed'
    from reported
    left join connections on reported.connection = connections.connection
    union all
    -- A report says what is open, not why: the other side is named so.
    select
        'report', reported.document_key, reported.connection, reported.customer_key, 'reported', null, reported.currency,
        -reported.open_amount, case when reported.currency = connections.base_currency then -reported.open_amount end,
        coalesce(reported.issued_date, reported.first_report_date), reported.document_key, 'listed'
    from reported
    left join connections on reported.connection = connections.connection
),

sums as (
    select
        book,
        document_key,
        connection,
        currency,
        sum(amount) as amount,
        case when count(*) = count(base_amount) then sum(base_amount) end as base_amount,
        max(customer_key) as customer_key,
        max(entry_date) as entry_date
    from legs
    group by book, document_key, connection, currency
),

-- What the lines of a record leave unexplained is a line of its own, so that it is seen and never rounded away.
closing as (
    select
        book, document_key, connection, customer_key, 'unallocated' as account, cast(null as {{ dbt.type_string() }}) as account_id,
        currency, -amount as amount, -base_amount as base_amount, entry_date, document_key as item_key, 'unallocated' as leg
    from sums
    where amount <> 0
    union all
    select
        book, document_key, connection, customer_key, 'fx', null, currency, 0, -base_amount, entry_date, document_key, 'exchange'
    from sums
    where amount = 0 and base_amount <> 0
),

unioned as (
    select * from legs
    where amount <> 0 or base_amount <> 0
    union all
    select * from closing
),

final as (
    select
        unioned.document_key || '|' || unioned.leg || '|' || unioned.account || '|' || coalesce(unioned.item_key, '') as entry_key,
        unioned.document_key,
        unioned.connection,
        unioned.book,
        case
            when unioned.book = 'erp' and unioned.account_id = connections.fee_account then 'fees'
            when unioned.book = 'erp' and unioned.account_id = connections.dispute_account then 'disputes'
            else unioned.account
        end as account,
        unioned.account_id,
        unioned.customer_key,
        unioned.currency,
        {{ money('unioned.amount') }} as amount,
        connections.base_currency,
        {{ money('unioned.base_amount') }} as base_amount,
        unioned.entry_date,
        unioned.item_key,
        unioned.leg
    from unioned
    left join connections on unioned.connection = connections.connection
)

select * from final
