{#- The day by which a document counts as due, for status, aging and the chase list: one without a due date is due when it is issued. -#}
{% macro effective_due_date(due_date, issued_date) -%}
    coalesce({{ due_date }}, {{ issued_date }})
{%- endmacro %}
