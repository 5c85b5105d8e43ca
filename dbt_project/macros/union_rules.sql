{#- The rules of var `rules`, each row with its rule and the level of record that the rule may change. -#}
{% macro union_rules() -%}
    {%- set columns = ['connection', 'record_type', 'record_id', 'field', 'value', 'evidence'] -%}
    {%- for rule, level in var('rules').items() %}
        {%- if level not in record_levels() %}
            {{- exceptions.raise_compiler_error("vars.rules: " ~ rule ~ " is of level " ~ level ~ ", not one of " ~ record_levels() | join(', ')) }}
        {%- endif %}
select
    '{{ rule }}' as rule_name,
    '{{ level }}' as level,
        {%- for column in columns %}
    cast({{ column }} as {{ dbt.type_string() }}) as {{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
from {{ ref(rule) }}
        {%- if not loop.last %}
union all
        {%- endif %}
    {%- else %}
select
        {%- for column in ['rule_name', 'level'] + columns %}
    cast(null as {{ dbt.type_string() }}) as {{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
where false
    {%- endfor %}
{%- endmacro %}

{#- The levels of record that a rule may be of. -#}
{% macro record_levels() -%}
    {{ return(['customer', 'invoice', 'credit_note', 'payment']) }}
{%- endmacro %}
