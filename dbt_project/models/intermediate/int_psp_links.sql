-- Which ERP connection reconciles which payment provider's, or bank's. Each belongs to one set of books: the first by name.
with

connections as (select * from {{ ref('stg_tieout__connections') }}),

named as (
    {%- for psp in var('psps') + ['banks'] %}
    select connection, psp_connection
    from (
        {{ x_json_values(
            "(select connection, " ~ x_json_text('settings', psp) ~ " as names from connections) as settings_" ~ psp,
            'names', ['connection'], 'psp_connection',
        ) }}
    ) as {{ psp }}_links
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

linked as (
    select
        named.psp_connection,
        min(named.connection) as erp_connection
    from named
    group by named.psp_connection
),

with_settings as (
    select
        linked.psp_connection,
        linked.erp_connection,
        connections.system as erp_system,
        connections.time_zone,
        connections.activated_on
    from linked
    inner join connections on linked.erp_connection = connections.connection
)

select * from with_settings
