{#- A schema is named as written: `ledger`, not `main_ledger`. People query these names. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ (custom_schema_name or target.schema) | trim }}
{%- endmacro %}
