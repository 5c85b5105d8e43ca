-- One row per payment (of a provider or bank) and customer that would be booked, with what the payload needs and what stands in its way.
with

postings as (
    select * from {{ ref('int_payment_postings') }}
    where is_to_book and is_exact and state = 'succeeded'
),

connections as (select * from {{ ref('stg_tieout__connections') }}),

units as (select * from {{ ref('currency_units') }}),

documents as (select * from {{ ref('int_open_documents') }}),

customers as (select * from {{ ref('erp_customers') }}),

periods as (select * from {{ ref('erp_periods') }}),

booked_customers as (
    select distinct psp_payment_key, customer_key
    from {{ ref('int_payment_citations') }}
    where psp_payment_key is not null
),

evidence as (
    select
        named.payment_key,
        min(case when booked_customers.customer_key is null then named.customer_key end) as first_customer_key,
        min(named.method) as method,
        {{ dbt.listagg('named.document_key', "', '", 'order by named.document_key') }} as document_keys
    from {{ ref('int_payment_evidence') }} as named
    left join booked_customers
        on
            named.payment_key = booked_customers.psp_payment_key
            and named.customer_key = booked_customers.customer_key
    where named.is_exact
    group by named.payment_key
),

allocations as (
    select
        allocations.*,
        documents.transaction_id,
        documents.line_id,
        documents.document_type,
        documents.document_number,
        documents.subsidiary_id,
        coalesce(units.exponent, 2) as exponent
    from {{ ref('int_payment_allocations') }} as allocations
    inner join documents on allocations.document_key = documents.document_key
    left join units on documents.currency = units.currency
    where allocations.state = 'succeeded'
),

allocated as (
    select
        payment_key,
        customer_key,
        sum(allocated_amount) as allocated_amount,
        min(subsidiary_id) as subsidiary_id,
        count(distinct subsidiary_id) as subsidiary_count,
        {{ dbt.listagg('document_number', "', '", 'order by due_date nulls last, ' ~ id_order('document_id')) }} as invoice_numbers,
        {{ json_array(
            json_object([
                ['document_id', x_json_string('transaction_id')],
                ['line', x_json_string('line_id')],
                ['document_type', x_json_string('document_type')],
                ['amount', x_json_string(money_text('allocated_amount', 'exponent'))],
            ]),
            'due_date nulls last, ' ~ id_order('document_id'),
        ) }} as applications
    from allocations
    group by payment_key, customer_key
),

totals as (
    select payment_key, sum(allocated_amount) as allocated_amount
    from allocated
    group by payment_key
),

-- What no open invoice takes goes on account of the payer, so that the parts sum to what was received. Where the payer's part is in the
-- books already, under a key that is good for one amount, it goes to the first customer whose part is not.
payers as (
    select
        postings.payment_key,
        coalesce(case when booked_customers.customer_key is null then postings.exact_customer_key end, evidence.first_customer_key)
            as customer_key,
        postings.unbooked_amount - coalesce(totals.allocated_amount, 0) as rest_amount
    from postings
    inner join evidence on postings.payment_key = evidence.payment_key
    left join totals on postings.payment_key = totals.payment_key
    left join booked_customers
        on
            postings.payment_key = booked_customers.psp_payment_key
            and postings.exact_customer_key = booked_customers.customer_key
),

parts as (
    select payment_key, customer_key, allocated_amount, 0 as rest_amount from allocated
    union all
    select payment_key, customer_key, 0 as allocated_amount, rest_amount from payers
    where rest_amount > 0
),

shares as (
    select
        payment_key,
        customer_key,
        sum(allocated_amount) + sum(rest_amount) as amount,
        sum(rest_amount) as rest_amount
    from parts
    group by payment_key, customer_key
),

primary_subsidiaries as (
    select
        relationships.customer_key,
        min(case when relationships.is_primary then relationships.subsidiary_id end) as primary_id,
        min(relationships.subsidiary_id) as any_id
    from {{ ref('erp_customer_subsidiaries') }} as relationships
    group by relationships.customer_key
),

next_open as (
    select closed.connection, closed.period_id, min(later_periods.start_date) as start_date
    from periods as closed
    inner join periods as later_periods
        on
            closed.connection = later_periods.connection
            and closed.start_date < later_periods.start_date
            and not later_periods.is_closed
    where closed.is_closed
    group by closed.connection, closed.period_id
),

dated as (
    select
        postings.*,
        connections.closed_period,
        periods.is_closed,
        next_open.start_date as next_open_date
    from postings
    inner join connections on postings.erp_connection = connections.connection
    left join periods
        on
            postings.erp_connection = periods.connection
            and postings.payment_date between periods.start_date and periods.end_date
    left join next_open
        on
            periods.connection = next_open.connection
            and periods.period_id = next_open.period_id
),

planned as (
    select
        dated.erp_connection as connection,
        dated.payment_key,
        dated.charge_id,
        dated.platform_payment_id,
        dated.payment_date as charge_date,
        case
            when coalesce(dated.is_closed, false) and dated.closed_period = 'next_open' then dated.next_open_date
            else dated.payment_date
        end as booking_date,
        coalesce(dated.is_closed, false)
        and (dated.closed_period <> 'next_open' or dated.next_open_date is null) as is_held_by_period,
        shares.customer_key,
        customers.customer_id,
        dated.currency,
        coalesce(units.exponent, 2) as exponent,
        {{ money('shares.amount') }} as amount,
        {{ money('shares.rest_amount') }} as rest_amount,
        dated.payment_method as psp_method,
        coalesce(
            {{ x_json_lookup('connections.payment_methods', "dated.connection || '.' || dated.payment_method") }},
            {{ x_json_lookup('connections.payment_methods', 'dated.payment_method') }}
        ) as erp_method,
        -- What a bank statement shows is in the bank already.
        case
            when dated.is_bank then {{ x_json_lookup('connections.bank_accounts', 'dated.currency') }}
            else connections.holding_account
        end as account,
        dated.is_bank and {{ x_json_lookup('connections.bank_accounts', 'dated.currency') }} is null as is_without_account,
        case when dated.is_bank then connections.account_transaction_memo_template else connections.memo_template end as memo_template,
        dated.is_bank,
        dated.description,
        dated.statement_descriptor,
        dated.counterparty,
        dated.bank_id,
        connections.writeback_payment as mode,
        dated.system as psp_system,
        coalesce(allocated.subsidiary_id, primary_subsidiaries.primary_id, primary_subsidiaries.any_id) as subsidiary_id,
        coalesce(allocated.subsidiary_count, 1) > 1 as has_mixed_subsidiaries,
        allocated.invoice_numbers,
        coalesce(allocated.applications, '[]') as applications,
        evidence.method as evidence_method,
        evidence.document_keys as evidence_keys
    from dated
    inner join shares on dated.payment_key = shares.payment_key
    inner join customers on shares.customer_key = customers.customer_key
    inner join connections on dated.erp_connection = connections.connection
    inner join evidence on dated.payment_key = evidence.payment_key
    left join allocated
        on
            shares.payment_key = allocated.payment_key
            and shares.customer_key = allocated.customer_key
    left join primary_subsidiaries on shares.customer_key = primary_subsidiaries.customer_key
    left join units on dated.currency = units.currency
)

select * from planned
