with

lines as (select * from {{ latest(source('raw_sftp', 'statement_line'), 'report_id, line_number') }}),

statements as (
    select * from {{ ref('stg_sftp__reports') }}
    where status = 'applied'
),

listed as (
    select
        lines.*,
        min(lines.first_seen_at) over (partition by lines.connection, lines.line_id) as line_seen_at,
        row_number() over (
            partition by lines.connection, lines.line_id
            order by statements.report_date desc, statements.modified_at desc, statements.sequence desc, lines.line_number desc
        ) as recency
    from lines
    inner join statements
        on
            lines.connection = statements.connection
            and lines.report_id = statements.report_id
    where lines.version_rank = 1 and not coalesce(lines.is_gone, false)
),

read as (
    select
        connection,
        line_id as charge_id,
        {{ key('sftp', 'connection', 'line_id') }} as payment_key,
        cast(null as {{ dbt.type_string() }}) as payment_intent_id,
        cast(null as {{ dbt.type_string() }}) as psp_customer_key,
        currency,
        {{ money('amount') }} as payment_amount,
        {{ money('0') }} as refunded_amount,
        'succeeded' as status,
        cast(null as {{ dbt.type_string() }}) as failure_code,
        cast(null as {{ dbt.type_string() }}) as failure_message,
        false as is_failed_late,
        'bank_transfer' as payment_method,
        transaction_id as balance_transaction_id,
        description,
        reference as statement_descriptor,
        counterparty,
        bank_account as bank_id,
        cast(null as {{ dbt.type_string() }}) as erp_customer_id,
        cast(null as {{ dbt.type_string() }}) as erp_document_ids,
        cast(null as {{ dbt.type_string() }}) as platform_payment_id,
        booked_date,
        cast(booked_date as timestamp with time zone) as created_at,
        line_seen_at as first_seen_at,
        line_seen_at as succeeded_seen_at,
        cast(null as timestamp with time zone) as failed_seen_at
    from listed
    where recency = 1 and amount > 0
)

select * from read
