with

documents as (select * from {{ ref('int_open_documents') }}),

rates as (select * from {{ ref('int_base_rates') }}),

report_documents as (select * from {{ ref('int_report_documents') }}),

-- A line of a deposit can be a document too.
deposits as (select connection, deposit_id from {{ ref('erp_deposits') }}),

connections as (select * from {{ ref('stg_tieout__connections') }}),

pending as (
    select document_key, sum(allocated_amount) as pending_amount
    from {{ ref('int_payment_allocations') }}
    group by document_key
),

disputed as (
    select evidence.document_key, count(*) as dispute_count
    from {{ ref('int_payment_evidence') }} as evidence
    inner join {{ ref('psp_disputes') }} as disputes on evidence.payment_key = disputes.payment_key
    where disputes.is_open and evidence.is_exact
    group by evidence.document_key
),

reopened as (
    select document_key, sum(reopened_amount) as reopened_amount
    from {{ ref('int_reopened_documents') }}
    group by document_key
),

from_erps as (
    select
        documents.document_key,
        documents.system,
        documents.connection,
        documents.document_id,
        documents.document_type,
        documents.document_number,
        documents.customer_key,
        documents.currency,
        documents.document_amount,
        documents.open_amount,
        documents.exchange_rate,
        {{ money('coalesce(pending.pending_amount, 0)') }} as pending_amount,
        {{ money('coalesce(reopened.reopened_amount, 0)') }} as reopened_amount,
        rates.base_currency,
        rates.base_rate,
        {{ convert('documents.document_amount', 'rates.base_rate', 'rates.base_exponent') }} as base_amount,
        {{ convert('documents.open_amount', 'rates.base_rate', 'rates.base_exponent') }} as base_open_amount,
        documents.issued_date,
        documents.due_date,
        documents.effective_due_date,
        documents.is_pending_approval,
        documents.is_posting,
        disputed.dispute_count is not null as is_disputed,
        documents.is_deleted,
        documents.terms,
        documents.memo,
        documents.purchase_order,
        documents.external_id,
        documents.subsidiary_id,
        documents.transaction_id,
        documents.line_id,
        cast(null as {{ dbt.type_string() }}) as closed_by_report,
        cast(null as date) as closed_date,
        documents.custom_fields,
        documents.created_at,
        documents.modified_at,
        documents.first_seen_at
    from documents
    left join rates on documents.document_key = rates.record_key
    left join pending on documents.document_key = pending.document_key
    left join disputed on documents.document_key = disputed.document_key
    left join reopened on documents.document_key = reopened.document_key
),

from_reports as (
    select
        report_documents.document_key,
        report_documents.system,
        report_documents.connection,
        report_documents.document_id,
        'invoice' as document_type,
        report_documents.invoice_ref as document_number,
        report_documents.customer_key,
        report_documents.currency,
        report_documents.document_amount,
        report_documents.open_amount,
        cast(null as decimal(20, 10)) as exchange_rate,
        {{ money('0') }} as pending_amount,
        {{ money('0') }} as reopened_amount,
        connections.base_currency,
        cast(case when report_documents.currency = connections.base_currency then 1 end as decimal(20, 10)) as base_rate,
        case when report_documents.currency = connections.base_currency then report_documents.document_amount end as base_amount,
        case when report_documents.currency = connections.base_currency then report_documents.open_amount end as base_open_amount,
        report_documents.issued_date,
        report_documents.due_date,
        report_documents.effective_due_date,
        false as is_pending_approval,
        true as is_posting,
        report_documents.is_disputed,
        false as is_deleted,
        cast(null as {{ dbt.type_string() }}) as terms,
        cast(null as {{ dbt.type_string() }}) as memo,
        cast(null as {{ dbt.type_string() }}) as purchase_order,
        cast(null as {{ dbt.type_string() }}) as external_id,
        cast(null as {{ dbt.type_string() }}) as subsidiary_id,
        cast(null as {{ dbt.type_string() }}) as transaction_id,
        cast(null as {{ dbt.type_string() }}) as line_id,
        report_documents.closed_by_report,
        report_documents.closed_date,
        report_documents.custom_fields,
        cast(null as {{ dbt.type_timestamp() }}) as created_at,
        cast(null as {{ dbt.type_timestamp() }}) as modified_at,
        report_documents.first_seen_at
    from report_documents
    left join connections on report_documents.connection = connections.connection
),

unioned as (
    select * from from_erps
    union all
    select * from from_reports
),

final as (
    select
        unioned.document_key,
        unioned.system,
        unioned.connection,
        unioned.document_id,
        unioned.document_type,
        unioned.document_number,
        unioned.customer_key,
        unioned.currency,
        unioned.document_amount,
        unioned.open_amount,
        unioned.pending_amount,
        unioned.exchange_rate,
        unioned.reopened_amount,
        unioned.base_currency,
        unioned.base_rate,
        unioned.base_amount,
        unioned.base_open_amount,
        unioned.issued_date,
        unioned.due_date,
        unioned.effective_due_date,
        case
            when unioned.is_deleted then 'closed'
            when unioned.is_pending_approval then 'pending'
            when unioned.open_amount = 0 then 'paid'
            when unioned.open_amount > 0 and unioned.effective_due_date < connections.today then 'overdue'
            else 'approved'
        end as status,
        unioned.pending_amount > 0 as is_payment_pending,
        unioned.is_disputed,
        unioned.is_posting,
        unioned.is_deleted,
        unioned.terms,
        unioned.memo,
        unioned.purchase_order,
        unioned.external_id,
        unioned.subsidiary_id,
        unioned.transaction_id,
        unioned.line_id,
        unioned.closed_by_report,
        unioned.closed_date,
        unioned.custom_fields,
        {{ record_url(
            'unioned.system', 'connections.environment',
            "case when deposits.deposit_id is not null then 'deposit' else unioned.document_type end", 'unioned.transaction_id',
        ) }} as source_url,
        unioned.created_at,
        unioned.modified_at,
        unioned.first_seen_at
    from unioned
    left join connections on unioned.connection = connections.connection
    left join deposits
        on
            unioned.connection = deposits.connection
            and unioned.transaction_id = deposits.deposit_id
)

select * from final
