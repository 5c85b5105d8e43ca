{#- The accounting day of an instant in a zone. -#}
{% macro x_local_date(instant, zone) -%}{{ adapter.dispatch('x_local_date', 'tieout')(instant, zone) }}{%- endmacro %}

{% macro default__x_local_date(instant, zone) -%}
    cast(timezone(coalesce({{ zone }}, 'UTC'), {{ instant }}) as date)
{%- endmacro %}

{% macro postgres__x_local_date(instant, zone) -%}
    cast({{ instant }} at time zone coalesce({{ zone }}, 'UTC') as date)
{%- endmacro %}

{% macro spark__x_local_date(instant, zone) -%}
    to_date(from_utc_timestamp({{ instant }}, coalesce({{ zone }}, 'UTC')))
{%- endmacro %}

{#- Whole days from one date to a later one. -#}
{% macro x_days_between(earlier, later) -%}{{ adapter.dispatch('x_days_between', 'tieout')(earlier, later) }}{%- endmacro %}

{% macro default__x_days_between(earlier, later) -%}
    cast({{ later }} - {{ earlier }} as integer)
{%- endmacro %}

{% macro spark__x_days_between(earlier, later) -%}
    datediff({{ later }}, {{ earlier }})
{%- endmacro %}

{#- One row per month end from the first to the last date, column `as_of_date`. -#}
{% macro x_month_ends(relation, first_date, last_date) -%}
    {{ adapter.dispatch('x_month_ends', 'tieout')(relation, first_date, last_date) }}
{%- endmacro %}

{% macro default__x_month_ends(relation, first_date, last_date) -%}
    select cast(last_day(cast(month_start as date)) as date) as as_of_date
    from (
        select unnest(generate_series(
            cast(date_trunc('month', min({{ first_date }})) as timestamp),
            cast(max({{ last_date }}) as timestamp),
            interval '1 month'
        )) as month_start
        from {{ relation }}
    ) as months
{%- endmacro %}
