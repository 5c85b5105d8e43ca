{#- One row per match of a pattern's first group: `keep`, then `as_name`. -#}
{% macro x_find_all(relation, text, pattern, keep, as_name) -%}
    {{ adapter.dispatch('x_find_all', 'tieout')(relation, text, pattern, keep, as_name) }}
{%- endmacro %}

{% macro default__x_find_all(relation, text, pattern, keep, as_name) -%}
    select {{ keep | join(', ') }}, unnest(regexp_extract_all({{ text }}, '{{ pattern }}', 1)) as {{ as_name }}
    from {{ relation }}
    where {{ text }} is not null
{%- endmacro %}

{% macro postgres__x_find_all(relation, text, pattern, keep, as_name) -%}
    select {{ keep | join(', ') }}, found[1] as {{ as_name }}
    from {{ relation }}
    cross join lateral regexp_matches({{ text }}, '{{ pattern }}', 'g') as matches (found)
{%- endmacro %}

{% macro spark__x_find_all(relation, text, pattern, keep, as_name) -%}
    select {{ keep | join(', ') }}, explode(regexp_extract_all({{ text }}, '{{ pattern }}', 1)) as {{ as_name }}
    from {{ relation }}
{%- endmacro %}

{#- Ids of a PSP as they stand in memos and external ids: whole words, also inside `tieout_payment_ch_..._12`. -#}
{% macro id_pattern(prefixes) -%}
(?:^|[^A-Za-z0-9])((?:{{ prefixes | join('|') }})_[A-Za-z0-9]+)
{%- endmacro %}
