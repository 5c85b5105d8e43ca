with

reports as (select * from {{ latest(source('raw_sftp', 'report'), 'report_id') }}),

read as (
    select
        connection,
        report_id,
        {{ key('sftp', 'connection', 'file_name') }} as report_key,
        file_name,
        path,
        report_date,
        coalesce(scope, '') as scope,
        status,
        reason,
        cast(sequence as integer) as sequence,
        cast(row_count as bigint) as row_count,
        {{ money('total') }} as total_amount,
        modified_at,
        first_seen_at
    from reports
    where version_rank = 1 and not coalesce(is_gone, false)
)

select * from read
