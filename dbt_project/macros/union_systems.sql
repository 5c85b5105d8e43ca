{#-
  One entity of every system that speaks a contract: `erp` (var erps), `psp` (var psps), `report` (var reports), and `payment`, which
  providers fill as well as banks.
  `columns` is the contract: every stg_<system>__<entity> has at least these.
-#}
{% macro union_systems(contract, entity, columns) -%}
    {%- set contracts = {
        'erp': var('erps'), 'psp': var('psps'), 'report': var('reports'), 'payment': var('psps') + var('banks'),
    } -%}
    {%- set systems = contracts[contract] -%}
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
