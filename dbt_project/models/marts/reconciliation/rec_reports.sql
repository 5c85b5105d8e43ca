with

reports as (select * from {{ ref('report_reports') }}),

lines as (select * from {{ ref('report_lines') }}),

documents as (select * from {{ ref('int_report_documents') }}),

applied as (
    select
        reports.*,
        row_number() over (partition by connection, scope order by sequence, report_id) as place,
        row_number() over (partition by connection, scope order by sequence desc, report_id desc) as recency
    from reports
    where status = 'applied'
),

rows_in_report as (
    select
        lines.*,
        applied.report_key,
        applied.scope,
        applied.place,
        applied.recency,
        applied.first_seen_at as report_seen_at,
        row_number() over (partition by lines.connection, lines.report_id, lines.invoice_ref order by lines.line_number)
            as row_number_in_report
    from lines
    inner join applied
        on
            lines.connection = applied.connection
            and lines.report_id = applied.report_id
),

-- A gap between two listings of one invoice in the reports of its scope: it was closed by absence and came back.
gaps as (
    select
        *,
        place - lag(place) over (partition by document_key, scope order by place) as step
    from rows_in_report
    where row_number_in_report = 1
),

comebacks as (
    select
        *,
        row_number() over (partition by document_key order by place desc) as newest
    from gaps
    where step > 1
),

reopened as (
    select
        {{ break_row("'reopened'", 'documents.connection', 'documents.document_key', 'comebacks.report_key',
            'documents.open_amount', 'null', 'documents.currency', 'comebacks.report_seen_at',
            "'listed again after a report without it had closed it'") }}
    from comebacks
    inner join documents on comebacks.document_key = documents.document_key
    where comebacks.newest = 1 and documents.is_listed
),

duplicated as (
    select
        connection, document_key, report_key, currency, report_seen_at, sum(open_amount) as open_amount, count(*) as row_count
    from rows_in_report
    where recency = 1 and row_number_in_report > 1
    group by connection, document_key, report_key, currency, report_seen_at
),

duplicates as (
    select
        {{ break_row("'duplicate_in_report'", 'duplicated.connection', 'duplicated.document_key', 'duplicated.report_key',
            'duplicated.open_amount', 'null', 'duplicated.currency', 'duplicated.report_seen_at',
            "duplicated.row_count || ' further row(s) of the same invoice; only the first counts'") }}
    from duplicated
),

held as (
    select
        {{ break_row("'held_report'", 'reports.connection', 'null', 'reports.report_key', 'null', 'null', 'null',
            'reports.first_seen_at',
            "reports.status || ': ' || coalesce(reports.reason, '') || '. Remedy: confirm it, or send a whole report'", of='reports.report_id') }}
    from reports
    where status like 'held%'
),

-- A later copy under the same name that could be read mends it.
rejected as (
    select
        {{ break_row("'rejected_report'", 'reports.connection', 'null', 'reports.report_key', 'null', 'null', 'null',
            'reports.first_seen_at',
            "coalesce(reports.reason, 'it cannot be read. Remedy: mend the file or the settings')", of='reports.report_id') }}
    from reports
    where
        reports.status = 'rejected'
        and not exists (
            select 1
            from reports as later_copies
            where
                later_copies.connection = reports.connection
                and later_copies.file_name = reports.file_name
                and later_copies.modified_at >= reports.modified_at
                and later_copies.status <> 'rejected'
        )
),

final as (
    select * from reopened
    union all
    select * from duplicates
    union all
    select * from held
    union all
    select * from rejected
)

select * from final
