{#- JSON, the one place where engines share no syntax. Values are always read as text. -#}
{% macro x_json_text(column, key) -%}{{ adapter.dispatch('x_json_text', 'tieout')(column, key) }}{%- endmacro %}

{% macro default__x_json_text(column, key) -%}
    json_extract_string({{ column }}, '$."{{ key }}"')
{%- endmacro %}

{% macro postgres__x_json_text(column, key) -%}
    (cast({{ column }} as jsonb) ->> '{{ key }}')
{%- endmacro %}

{% macro spark__x_json_text(column, key) -%}
    get_json_object({{ column }}, '$["{{ key }}"]')
{%- endmacro %}

{#- The value under a key that is itself a column: a custom field named in settings, a currency. -#}
{% macro x_json_lookup(column, key_column) -%}{{ adapter.dispatch('x_json_lookup', 'tieout')(column, key_column) }}{%- endmacro %}

{% macro default__x_json_lookup(column, key_column) -%}
    json_extract_string({{ column }}, '$."' || {{ key_column }} || '"')
{%- endmacro %}

{% macro postgres__x_json_lookup(column, key_column) -%}
    (cast({{ column }} as jsonb) ->> {{ key_column }})
{%- endmacro %}

{#- One row per object of a JSON array: the columns `keep`, then one text column per field, then (if named) its place from 1. -#}
{% macro x_json_records(relation, column, keep, fields, position=none) -%}
    {{ adapter.dispatch('x_json_records', 'tieout')(relation, column, keep, fields, position) }}
{%- endmacro %}

{% macro default__x_json_records(relation, column, keep, fields, position) -%}
    {%- set shape = [] -%}
    {%- for field in fields -%}{%- do shape.append('"' ~ field ~ '":"VARCHAR"') -%}{%- endfor -%}
    select
        {{ keep | join(', ') }},
        {%- for field in fields %}
        json_record.{{ field }} as {{ field }}{{ ',' if not loop.last or position }}
        {%- endfor %}
        {%- if position %}
        {{ position }}
        {%- endif %}
    from (
        select
            {{ keep | join(', ') }},
            unnest(json_records) as json_record
            {%- if position %},
            generate_subscripts(json_records, 1) as {{ position }}
            {%- endif %}
        from (
            select {{ keep | join(', ') }}, from_json({{ column }}, '[{ {{- shape | join(",") -}} }]') as json_records
            from {{ relation }}
            where {{ column }} is not null
        ) as parsed
    ) as unnested
{%- endmacro %}

{% macro postgres__x_json_records(relation, column, keep, fields, position) -%}
    select {{ keep | join(', ') }}, {{ fields | join(', ') }}{{ ', ' ~ position if position }}
    from {{ relation }}
    cross join lateral rows from (
        jsonb_to_recordset(cast({{ column }} as jsonb)) as ("{{ fields | join('" text, "') }}" text)
    ) with ordinality as json_record ({{ fields | join(', ') }}, {{ position or 'ordinality' }})
{%- endmacro %}

{#- The first element of a JSON array, as JSON text. -#}
{% macro x_json_first(column) -%}{{ adapter.dispatch('x_json_first', 'tieout')(column) }}{%- endmacro %}

{% macro default__x_json_first(column) -%}
    json_extract_string({{ column }}, '$[0]')
{%- endmacro %}

{% macro postgres__x_json_first(column) -%}
    (cast({{ column }} as jsonb) ->> 0)
{%- endmacro %}

{% macro spark__x_json_first(column) -%}
    get_json_object({{ column }}, '$[0]')
{%- endmacro %}

{#-
  JSON whose numbers have become texts, digit for digit: most engines read a JSON number as a double. A name and its colon stand
  before every number that matters, and within a text no quote is left unescaped, so that nothing else can match.
-#}
{% macro x_json_exact(column) -%}{{ adapter.dispatch('x_json_exact', 'tieout')(column) }}{%- endmacro %}

{% macro default__x_json_exact(column) -%}
    regexp_replace({{ column }}, '("[A-Za-z0-9_]+" *: *)(-?[0-9][0-9.eE+-]*)', '\1"\2"', 'g')
{%- endmacro %}

{% macro postgres__x_json_exact(column) -%}
    {{ column }}
{%- endmacro %}

{% macro spark__x_json_exact(column) -%}
    regexp_replace({{ column }}, '("[A-Za-z0-9_]+" *: *)(-?[0-9][0-9.eE+-]*)', '$1"$2"')
{%- endmacro %}

{#- One row per element of a JSON array of texts or numbers: `keep`, then `as_name`. -#}
{% macro x_json_values(relation, column, keep, as_name) -%}
    {{ adapter.dispatch('x_json_values', 'tieout')(relation, column, keep, as_name) }}
{%- endmacro %}

{% macro default__x_json_values(relation, column, keep, as_name) -%}
    select {{ keep | join(', ') }}, unnest(from_json({{ column }}, '["VARCHAR"]')) as {{ as_name }}
    from {{ relation }}
    where {{ column }} is not null
{%- endmacro %}

{% macro postgres__x_json_values(relation, column, keep, as_name) -%}
    select {{ keep | join(', ') }}, json_value as {{ as_name }}
    from {{ relation }}
    cross join lateral jsonb_array_elements_text(cast({{ column }} as jsonb)) as elements (json_value)
{%- endmacro %}

{#- A text as a JSON string, quoted and escaped; null as null. -#}
{% macro x_json_string(text) -%}{{ adapter.dispatch('x_json_string', 'tieout')(text) }}{%- endmacro %}

{% macro default__x_json_string(text) -%}
    coalesce(cast(to_json(cast({{ text }} as {{ dbt.type_string() }})) as {{ dbt.type_string() }}), 'null')
{%- endmacro %}

{#- A JSON object as text from [name, json text] pairs, in the order given: the same row gives the same bytes. -#}
{% macro json_object(pairs) -%}
    '{'
    {%- for name, value in pairs %}
    || '{{ ", " if not loop.first }}"{{ name }}": ' || {{ value }}
    {%- endfor %}
    || '}'
{%- endmacro %}

{#- A JSON array as text of JSON texts, in a stated order; null when there is nothing to gather. -#}
{% macro json_array(value, order_by) -%}
    '[' || {{ dbt.listagg(value, "', '", "order by " ~ order_by) }} || ']'
{%- endmacro %}
