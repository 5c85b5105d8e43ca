with

preferences as (select * from {{ latest(source('raw_quickbooks', 'preferences'), 'id') }}),

connections as (select * from {{ ref('stg_tieout__connections') }}),

read as (
    select
        connections.connection,
        coalesce(upper(max(preferences.home_currency)), max(connections.base_currency)) as home_currency,
        max(preferences.book_close_date) as book_close_date,
        {{ dbt.safe_cast(x_json_text('max(connections.settings)', 'parity_links'), 'integer') }} as most_links,
        coalesce({{ x_json_text('max(connections.settings)', 'contact_name_as_reference') }}, 'false') = 'true'
            as has_contact_name_as_reference
    from connections
    left join preferences
        on
            connections.connection = preferences.connection
            and preferences.version_rank = 1
    where connections.system = 'quickbooks'
    group by connections.connection
)

select * from read
