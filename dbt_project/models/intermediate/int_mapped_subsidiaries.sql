-- The subsidiaries a connection reads; a connection without rows here reads all.
with

connections as (select * from {{ ref('stg_tieout__connections') }}),

settings as (select connection, {{ x_json_text('settings', 'subsidiaries') }} as ids from connections),

listed as ({{ x_json_values('settings', 'ids', ['connection'], 'subsidiary_id') }})

select distinct connection, subsidiary_id from listed
