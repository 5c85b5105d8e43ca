with

connections as (select * from {{ ref('stg_tieout__connections') }}),

links as (select * from {{ ref('int_psp_links') }}),

final as (
    select
        connections.connection,
        connections.system,
        connections.time_zone,
        connections.base_currency,
        connections.activated_on,
        links.erp_connection as reconciled_by,
        connections.complete_through,
        connections.last_synced_at,
        connections.today as accounting_date,
        connections.is_configured
    from connections
    left join links on connections.connection = links.psp_connection
)

select * from final
