with

lines as (select * from {{ latest(source('raw_sftp', 'report_line'), 'report_id, line_number') }}),

-- One number may stand for two invoices in two scopes.
scopes as (
    select connection, report_id, case when scope = '' then '' else scope || '/' end as prefix
    from {{ ref('stg_sftp__reports') }}
),

read as (
    select
        lines.connection,
        lines.report_id,
        cast(lines.line_number as integer) as line_number,
        lines.invoice_ref,
        scopes.prefix || lines.invoice_ref as document_id,
        {{ key('sftp', 'lines.connection', 'scopes.prefix || lines.invoice_ref') }} as document_key,
        lines.customer_ref,
        scopes.prefix || lines.customer_ref as customer_id,
        {{ key('sftp', 'lines.connection', 'scopes.prefix || lines.customer_ref') }} as customer_key,
        lines.customer_name,
        upper(lines.currency) as currency,
        {{ money('lines.open_amount') }} as open_amount,
        {{ money('lines.original_amount') }} as original_amount,
        lines.invoice_date,
        lines.due_date,
        coalesce(lines.is_disputed, false) as is_disputed,
        lines.extra,
        lines.first_seen_at
    from lines
    inner join scopes
        on
            lines.connection = scopes.connection
            and lines.report_id = scopes.report_id
    where lines.version_rank = 1 and not coalesce(lines.is_gone, false)
)

select * from read
