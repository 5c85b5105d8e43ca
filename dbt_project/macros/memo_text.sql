{#- A memo from a template of the settings: `{name}` is replaced by the column given for it, an unknown name stays. -#}
{% macro memo_text(template, values) -%}
    {%- set sql = namespace(text=template) -%}
    {%- for name, column in values.items() -%}
        {%- set sql.text = "replace(" ~ sql.text ~ ", '{" ~ name ~ "}', coalesce(" ~ column ~ ", ''))" -%}
    {%- endfor -%}
    {{ sql.text }}
{%- endmacro %}
