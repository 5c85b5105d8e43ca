{#- `system:connection:native_id`, the identity used everywhere. Null when the id is. -#}
{% macro key(system, connection, id) -%}
    ('{{ system }}:' || {{ connection }} || ':' || {{ id }})
{%- endmacro %}

{#- Orders ids as numbers where they are numbers, without a cast that could fail: shorter first, then by text. -#}
{% macro id_order(column) -%}
    length({{ column }}), {{ column }}
{%- endmacro %}
