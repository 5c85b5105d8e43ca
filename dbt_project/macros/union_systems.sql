{#-
  One entity of every system that speaks a contract: `erp` (var erps), `psp` (var psps), `report` (var reports).
  `columns` is the contract: every stg_<system>__<entity> has at least these.
-#}
{% macro union_systems(contract, entity, columns) -%}
    {%- set systems = var({'erp': 'erps', 'psp': 'psps', 'report': 'reports'}[contract]) -%}
    {%- for system in systems %}
select
    '{{ system }}' as system,
    {{ columns | join(',\n    ') }}
from {{ ref('stg_' ~ system ~ '__' ~ entity) }}
        {%- if not loop.last %}
union all
        {%- endif %}
    {%- endfor %}
{%- endmacro %}
