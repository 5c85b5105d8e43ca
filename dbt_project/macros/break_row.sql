{#-
  The select list of a break: every reconciliation model has exactly these columns, in this order.
  Amounts default to null (that side is absent); drift is left less right. `detail` is evidence or remedy for a person.
  `of` tells breaks apart whose two keys alone do not.
-#}
{% macro break_row(
    reason, connection, left_key='null', right_key='null', left_amount='null', right_amount='null',
    currency='null', first_seen_at='null', detail='null', of=none
) -%}
    {{ reason }} || '|' || coalesce({{ left_key }}, '') || '|' || coalesce({{ right_key }}, '')
    {%- if of %} || '|' || {{ of }}{% endif %} as break_key,
    {{ connection }} as connection,
    cast({{ left_key }} as {{ dbt.type_string() }}) as left_key,
    cast({{ right_key }} as {{ dbt.type_string() }}) as right_key,
    {{ money(left_amount) }} as left_amount,
    {{ money(right_amount) }} as right_amount,
    {{ money('coalesce(' ~ left_amount ~ ', 0) - coalesce(' ~ right_amount ~ ', 0)') }} as drift_amount,
    cast({{ currency }} as {{ dbt.type_string() }}) as currency,
    {{ reason }} as reason,
    cast({{ first_seen_at }} as timestamp with time zone) as first_seen_at,
    cast({{ detail }} as {{ dbt.type_string() }}) as detail
{%- endmacro %}

{#- The later of two instants, either of which may be null. -#}
{% macro later(one, two) -%}
    case when {{ one }} is null or {{ two }} > {{ one }} then {{ two }} else {{ one }} end
{%- endmacro %}
