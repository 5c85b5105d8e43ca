{#-
  The latest version of every record of a raw table, per (connection, key).

  A deletion is a version too, but often an empty one: the columns come from the last version that was alive,
  `is_deleted` from the last version of all. Adds `first_seen_at`: when the first version was extracted.
  With var as_of_load_id only what had been loaded by then is seen. `columns` are extra windowed expressions
  over all versions (they may use the named window `versions`).
-#}
{% macro latest(source, key, extra=[]) -%}
(
    select
        version_log.*,
        first_value(version_log.is_deleted) over newest_first as is_gone,
        min(version_log._extracted_at) over all_versions as first_seen_at,
        {%- for expression in extra %}
        {{ expression }},
        {%- endfor %}
        row_number() over (
            partition by version_log.connection, {{ key }}
            order by
                case when version_log.is_deleted then 1 else 0 end,
                version_log._dlt_load_id desc nulls last,
                version_log._seq desc nulls last
        ) as version_rank
    from {{ source }} as version_log
    {%- if var('as_of_load_id') %}
    where version_log._dlt_load_id <= '{{ var("as_of_load_id") }}'
    {%- endif %}
    window
        all_versions as (partition by version_log.connection, {{ key }}),
        newest_first as (
            partition by version_log.connection, {{ key }}
            order by version_log._dlt_load_id desc nulls last, version_log._seq desc nulls last
        )
)
{%- endmacro %}
