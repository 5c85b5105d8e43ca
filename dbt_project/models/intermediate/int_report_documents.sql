-- Documents as the applied reports list them: what the newest report lists is open, what it stops listing is closed by it.
with

reports as (
    select * from {{ ref('report_reports') }}
    where status = 'applied'
),

lines as (select * from {{ ref('report_lines') }}),

ordered as (
    select
        reports.*,
        row_number() over (partition by connection, scope order by sequence desc, report_id desc) as recency,
        lead(report_id) over (partition by connection, scope order by sequence, report_id) as next_report_id
    from reports
),

-- A second row of the same invoice in one report is a break, not a second invoice.
listings as (
    select
        lines.*,
        ordered.system,
        ordered.scope,
        ordered.sequence,
        ordered.recency,
        ordered.report_key,
        ordered.report_date,
        ordered.next_report_id,
        row_number() over (partition by lines.connection, lines.report_id, lines.invoice_ref order by lines.line_number)
            as row_in_report
    from lines
    inner join ordered
        on
            lines.connection = ordered.connection
            and lines.report_id = ordered.report_id
),

tracked as (
    select
        listings.*,
        row_number() over (partition by document_key order by sequence desc) as newest,
        row_number() over (partition by document_key order by sequence) as oldest,
        first_value(open_amount) over (partition by document_key order by sequence) as first_amount,
        first_value(first_seen_at) over (partition by document_key order by sequence) as document_first_seen_at,
        first_value(report_date) over (partition by document_key order by sequence) as first_report_date
    from listings
    where row_in_report = 1
),

described as (
    select
        tracked.system,
        tracked.connection,
        tracked.document_key,
        tracked.document_id,
        tracked.invoice_ref,
        tracked.customer_key,
        tracked.customer_id,
        tracked.customer_ref,
        tracked.customer_name,
        tracked.currency,
        tracked.first_amount as document_amount,
        {{ money('case when tracked.recency = 1 then tracked.open_amount else 0 end') }} as open_amount,
        tracked.invoice_date as issued_date,
        tracked.due_date,
        {{ effective_due_date('tracked.due_date', 'tracked.invoice_date') }} as effective_due_date,
        tracked.is_disputed and tracked.recency = 1 as is_disputed,
        tracked.extra as custom_fields,
        tracked.scope,
        tracked.report_key as last_report_key,
        tracked.recency = 1 as is_listed,
        closing.report_key as closed_by_report,
        closing.report_date as closed_date,
        tracked.first_report_date,
        tracked.document_first_seen_at as first_seen_at
    from tracked
    left join ordered as closing
        on
            tracked.recency > 1
            and tracked.connection = closing.connection
            and tracked.next_report_id = closing.report_id
    where tracked.newest = 1
)

select * from described
