-- Every version counts here: a link that is gone also changed the document it pointed at.
with

versions as (
    select connection, _dlt_load_id as load_id, applications
    from {{ source('raw_netsuite', 'transaction') }}
    {%- if var('as_of_load_id') %}
    where _dlt_load_id <= '{{ var("as_of_load_id") }}'
    {%- endif %}
),

links as (
    {{ x_json_records('versions', 'applications', ['connection', 'load_id'], ['previousdoc']) }}
),

read as (
    select
        connection,
        previousdoc as transaction_id,
        max(load_id) as last_link_load_id
    from links
    group by connection, previousdoc
)

select * from read
