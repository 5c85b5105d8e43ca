{#-
  Open items on each date of a relation (column `as_of_date`), from dated documents and dated applications only:
  what was issued by then, less what had been applied by then. Reports speak for themselves: the last one applied by then.
-#}
{% macro aging_asof(dates) -%}
with

dates as (select distinct as_of_date from {{ dates }}),

documents as (
    select *, document_key as item_key, document_amount as item_amount, issued_date as item_date, 'document' as item_type
    from {{ ref('int_open_documents') }}
    where not is_deleted and not is_pending_approval
),

payments as (select * from {{ ref('int_open_payments') }} where not is_deleted),

applications as (select * from {{ ref('int_erp_applications') }}),

reports as (select * from {{ ref('report_reports') }} where status = 'applied'),

report_lines as (select * from {{ ref('report_lines') }}),

items as (
    select item_key, item_type, connection, customer_key, currency, item_amount, item_date, due_date, effective_due_date from documents
    union all
    select
        payment_key, 'unapplied_payment', connection, customer_key, currency, -payment_amount, payment_date, payment_date, payment_date
    from payments
),

moves as (
    select document_key as item_key, -applied_amount as amount, applied_date from applications where document_type <> 'refund'
    union all
    select payment_key, applied_amount, applied_date from applications
),

moved as (
    select dates.as_of_date, moves.item_key, sum(moves.amount) as amount
    from moves
    inner join dates on moves.applied_date <= dates.as_of_date
    group by dates.as_of_date, moves.item_key
),

booked as (
    select
        dates.as_of_date, items.item_key, items.item_type, items.connection, items.customer_key, items.currency,
        items.due_date, items.effective_due_date,
        {{ money('items.item_amount + coalesce(moved.amount, 0)') }} as open_amount
    from items
    inner join dates on items.item_date <= dates.as_of_date
    left join moved
        on
            items.item_key = moved.item_key
            and dates.as_of_date = moved.as_of_date
),

reports_by_then as (
    select
        dates.as_of_date, reports.connection, reports.report_id,
        row_number() over (
            partition by dates.as_of_date, reports.connection, reports.scope
            order by reports.sequence desc, reports.report_id
        ) as recency
    from reports
    inner join dates on reports.report_date <= dates.as_of_date
),

listed as (
    select
        reports_by_then.as_of_date, report_lines.document_key, report_lines.connection, report_lines.customer_key, report_lines.currency,
        report_lines.due_date, {{ effective_due_date('report_lines.due_date', 'report_lines.invoice_date') }} as effective_due_date,
        report_lines.open_amount,
        row_number() over (
            partition by reports_by_then.as_of_date, report_lines.report_id, report_lines.document_key
            order by report_lines.line_number
        ) as row_in_report
    from reports_by_then
    inner join report_lines
        on
            reports_by_then.connection = report_lines.connection
            and reports_by_then.report_id = report_lines.report_id
    where reports_by_then.recency = 1
),

open_items as (
    select * from booked where open_amount <> 0
    union all
    select as_of_date, document_key, 'document', connection, customer_key, currency, due_date, effective_due_date, open_amount
    from listed
    where row_in_report = 1 and open_amount <> 0
)

select * from open_items
{%- endmacro %}

{#- The rows of aging.ar_aging_asof for each date of a relation: open items with their days overdue and buckets. -#}
{% macro aged_asof(dates) -%}
with

open_items as (
    select * from (
        {{ aging_asof(dates) }}
    ) as items
),

buckets as (select * from {{ ref('int_aging_buckets') }}),

aged as (
    select
        open_items.*,
        case
            when open_items.item_type = 'document' and open_items.open_amount > 0
                and open_items.effective_due_date < open_items.as_of_date
                then {{ x_days_between('open_items.effective_due_date', 'open_items.as_of_date') }}
            else 0
        end as days_overdue
    from open_items
),

final as (
    select
        cast(aged.as_of_date as {{ dbt.type_string() }}) || '|' || aged.item_key as aging_key,
        aged.as_of_date,
        aged.item_key,
        aged.item_type,
        aged.connection,
        aged.customer_key,
        aged.currency,
        aged.open_amount,
        aged.due_date,
        aged.days_overdue,
        coalesce(buckets.bucket, 'current') as bucket,
        cast(coalesce(buckets.bucket_order, 0) as integer) as bucket_order
    from aged
    left join buckets
        on
            aged.connection = buckets.connection
            and aged.days_overdue between buckets.lower_days and buckets.upper_days
)

select * from final
{%- endmacro %}

{#- `aging.asof(day)`: the same for any one day that a reader asks for. On engines without table macros it does not exist. -#}
{% macro x_create_asof() -%}{{ adapter.dispatch('x_create_asof', 'tieout')() }}{%- endmacro %}

{% macro default__x_create_asof() -%}{%- endmacro %}

{% macro duckdb__x_create_asof() -%}
    create or replace macro {{ this.schema }}.asof(day) as table
    {{ aged_asof('(select cast(day as date) as as_of_date) as asked') }};
    comment on macro table {{ this.schema }}.asof is 'One row per item that was open on a day: aging.ar_aging_asof for any day. select * from aging.asof(''2026-10-15'')'
{%- endmacro %}
