with

transactions as (select * from {{ latest(source('raw_netsuite', 'transaction'), 'id') }}),

currencies as (select * from {{ ref('stg_netsuite__currencies') }}),

terms as (select * from {{ latest(source('raw_netsuite', 'term'), 'id') }}),

connections as (select * from {{ ref('stg_tieout__connections') }}),

statuses as (
    {{ x_json_values(
        "(select connection, " ~ x_json_text('settings', 'invoice_statuses') ~ " as listed from connections) as settings_of_invoices",
        'listed', ['connection'], 'status_letter',
    ) }}
),

restricted as (select distinct connection from statuses),

-- What the settings have never asked for stays in raw and is out of the books. An invoice that was asked for once stays in them,
-- also when it leaves the statuses: so it is seen to be paid, and its payments stay applied.
once_wanted as (
    select distinct versions.connection, versions.id
    from {{ source('raw_netsuite', 'transaction') }} as versions
    inner join statuses
        on
            versions.connection = statuses.connection
            and right(versions.status, 1) = statuses.status_letter
    where versions.type = 'CustInvc' and not versions.is_deleted
    {%- if var('as_of_load_id') %}
    and versions._dlt_load_id <= '{{ var("as_of_load_id") }}'
    {%- endif %}
),

current_versions as (
    select
        transactions.*,
        transactions.type <> 'CustInvc' or restricted.connection is null or statuses.status_letter is not null as is_asked_for
    from transactions
    left join connections on transactions.connection = connections.connection
    left join restricted on transactions.connection = restricted.connection
    left join statuses
        on
            transactions.connection = statuses.connection
            and right(transactions.status, 1) = statuses.status_letter
    left join once_wanted
        on
            transactions.connection = once_wanted.connection
            and transactions.id = once_wanted.id
    where
        transactions.version_rank = 1
        and case
            when transactions.type in ('CustInvc', 'CustCred', 'Journal') then coalesce(connections.has_documents, true)
            else coalesce(connections.has_payments, true)
        end
        and (transactions.type <> 'CustInvc' or restricted.connection is null or once_wanted.id is not null)
),

read as (
    select
        current_versions.connection,
        current_versions.id as transaction_id,
        {{ key('netsuite', 'current_versions.connection', 'current_versions.id') }} as transaction_key,
        current_versions.type as transaction_type,
        right(current_versions.status, 1) as status_letter,
        current_versions.tranid as transaction_number,
        current_versions.entity as customer_id,
        {{ key('netsuite', 'current_versions.connection', 'current_versions.entity') }} as customer_key,
        current_versions.subsidiary as subsidiary_id,
        coalesce(
            currencies.currency,
            case when length(current_versions.currency) = 3 then upper(current_versions.currency) end
        ) as currency,
        cast(current_versions.exchangerate as decimal(20, 10)) as exchange_rate,
        {{ money('abs(current_versions.foreigntotal)') }} as total_amount,
        {{ money('current_versions.foreigntotal') }} as source_total_amount,
        current_versions.currency as currency_id,
        {{ money('current_versions.foreignamountunpaid') }} as unpaid_amount,
        current_versions.trandate as transaction_date,
        current_versions.duedate as due_date,
        current_versions.closedate as closed_date,
        terms.name as terms,
        current_versions.memo,
        current_versions.otherrefnum as purchase_order,
        current_versions.externalid as external_id,
        current_versions.paymentmethod as payment_method,
        current_versions.account as account_id,
        current_versions.postingperiod as period_id,
        -- An invoice that awaits approval (D) or was rejected (E) is not in NetSuite's ledger.
        coalesce(current_versions.posting, true)
        and not (current_versions.type = 'CustInvc' and coalesce(right(current_versions.status, 1), '') in ('D', 'E')) as is_posting,
        coalesce(current_versions.voided, false) as is_voided,
        coalesce(current_versions.is_gone, false) or coalesce(current_versions.voided, false) as is_deleted,
        coalesce(current_versions.is_gone, false) as is_gone,
        current_versions.is_asked_for,
        current_versions.lines,
        current_versions.applications,
        current_versions.custom_fields,
        current_versions.createddate as created_at,
        current_versions.lastmodifieddate as modified_at,
        current_versions.first_seen_at,
        current_versions._dlt_load_id as load_id
    from current_versions
    left join currencies
        on
            current_versions.connection = currencies.connection
            and current_versions.currency = currencies.currency_id
    left join terms
        on
            current_versions.connection = terms.connection
            and current_versions.terms = terms.id
            and terms.version_rank = 1
)

select * from read
