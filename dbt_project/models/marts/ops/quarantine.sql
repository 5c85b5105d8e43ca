with

quarantine as (select * from {{ ref('stg_tieout__quarantine') }}),

connections as (select * from {{ ref('stg_tieout__connections') }}),

final as (
    select
        quarantine.connection,
        connections.system,
        quarantine.table_name,
        quarantine.record_key,
        quarantine.reason,
        quarantine.remedy,
        quarantine.payload,
        quarantine.first_seen_at
    from quarantine
    left join connections on quarantine.connection = connections.connection
)

select * from final
