with

transactions as (select * from {{ latest(source('raw_netsuite', 'transaction'), 'id') }}),

currencies as (select * from {{ ref('stg_netsuite__currencies') }}),

terms as (select * from {{ latest(source('raw_netsuite', 'term'), 'id') }}),

current_versions as (
    select * from transactions
    where version_rank = 1
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
        coalesce(current_versions.posting, true) as is_posting,
        coalesce(current_versions.voided, false) as is_voided,
        coalesce(current_versions.is_gone, false) or coalesce(current_versions.voided, false) as is_deleted,
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
