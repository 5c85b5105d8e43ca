with

lines as (select * from {{ latest(source('raw_sftp', 'report_line'), 'report_id, line_number') }}),

read as (
    select
        connection,
        report_id,
        cast(line_number as integer) as line_number,
        invoice_ref,
        {{ key('sftp', 'connection', 'invoice_ref') }} as document_key,
        customer_ref,
        {{ key('sftp', 'connection', 'customer_ref') }} as customer_key,
        customer_name,
        upper(currency) as currency,
        {{ money('open_amount') }} as open_amount,
        {{ money('original_amount') }} as original_amount,
        invoice_date,
        due_date,
        coalesce(is_disputed, false) as is_disputed,
        extra,
        first_seen_at
    from lines
    where version_rank = 1 and not coalesce(is_gone, false)
)

select * from read
