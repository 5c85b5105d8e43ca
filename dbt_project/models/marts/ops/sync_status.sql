with

connections as (select * from {{ ref('stg_tieout__connections') }}),

documents as (
    select connection, count(*) as document_count, sum(case when open_amount <> 0 then 1 else 0 end) as open_count
    from {{ ref('ar_documents') }}
    group by connection
),

payments as (
    select connection, count(*) as payment_count from {{ ref('ar_payments') }}
    group by connection
),

quarantined as (
    select connection, count(*) as row_count from {{ ref('stg_tieout__quarantine') }}
    group by connection
),

breaks as (
    select connection, count(*) as break_count from {{ ref('rec_breaks') }}
    group by connection
),

incomplete as (
    select connection, sum(case when is_complete then 0 else 1 end) as measure_count
    from {{ ref('rec_completeness') }}
    group by connection
),

final as (
    select
        connections.connection,
        connections.system,
        connections.is_configured,
        connections.complete_through,
        connections.last_synced_at,
        connections.state,
        connections.last_error,
        connections.failed_at,
        cast(coalesce(documents.document_count, 0) as bigint) as document_count,
        cast(coalesce(documents.open_count, 0) as bigint) as open_document_count,
        cast(coalesce(payments.payment_count, 0) as bigint) as payment_count,
        cast(coalesce(quarantined.row_count, 0) as bigint) as quarantined_count,
        cast(coalesce(breaks.break_count, 0) as bigint) as break_count,
        cast(coalesce(incomplete.measure_count, 0) as bigint) as incomplete_count
    from connections
    left join documents on connections.connection = documents.connection
    left join payments on connections.connection = payments.connection
    left join quarantined on connections.connection = quarantined.connection
    left join breaks on connections.connection = breaks.connection
    left join incomplete on connections.connection = incomplete.connection
)

select * from final
