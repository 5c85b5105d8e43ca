{#- A column that names each row: never null, never twice. One query instead of dbt's two. -#}
{% test primary_key(model, column_name) %}
select {{ column_name }}, count(*) as times
from {{ model }}
group by {{ column_name }}
having count(*) > 1 or {{ column_name }} is null
{% endtest %}
