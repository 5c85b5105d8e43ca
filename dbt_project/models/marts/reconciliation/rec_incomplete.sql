with

measures as (select * from {{ ref('rec_completeness') }}),

final as (
    select
        {{ break_row("'incomplete'", 'measures.connection', 'null', 'null', 'measures.landed_amount', 'measures.control_amount',
            'measures.currency', 'measures.first_seen_at',
            "measures.table_name || ' ' || measures.measure || ': '
                || coalesce(measures.landed_count || ' have landed, the source counts ' || measures.control_count, 'the sums differ')
                || '. Remedy: sync again; if it stays, sync with --full, and look at ops.quarantine'",
            of='measures.measure_key') }}
    from measures
    where not measures.is_complete
)

select * from final
