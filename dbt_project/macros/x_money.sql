{#- Money is decimal(18,4). Division and multiplication of decimals differ between engines: only here. -#}
{% macro money(expression) -%}
    cast({{ expression }} as decimal(18, 4))
{%- endmacro %}

{% macro multiply(amount, factor) -%}
    cast(cast({{ amount }} as decimal(38, 4)) * cast({{ factor }} as decimal(20, 10)) as decimal(38, 10))
{%- endmacro %}

{#- An amount at a rate, rounded (half away from zero) to the exponent of the target currency. -#}
{% macro convert(amount, rate, exponent) -%}
    case coalesce({{ exponent }}, 2)
        {%- for digits in (0, 3, 4) %}
        when {{ digits }} then cast(round({{ multiply(amount, rate) }}, {{ digits }}) as decimal(18, 4))
        {%- endfor %}
        else cast(round({{ multiply(amount, rate) }}, 2) as decimal(18, 4))
    end
{%- endmacro %}

{#- Minor units (integers, as PSPs count) to major units. `unit` is 0.01, 1, 0.001: a product, never a quotient. -#}
{% macro from_minor(amount, unit) -%}
    cast(cast({{ amount }} as decimal(28, 0)) * cast({{ unit }} as decimal(8, 4)) as decimal(18, 4))
{%- endmacro %}

{#- Exact text of an amount with as many decimals as the currency has: "12.30", JPY "12". -#}
{% macro money_text(amount, exponent) -%}
    case coalesce({{ exponent }}, 2)
        when 0 then cast(cast({{ amount }} as decimal(38, 0)) as {{ dbt.type_string() }})
        when 3 then cast(cast({{ amount }} as decimal(38, 3)) as {{ dbt.type_string() }})
        when 4 then cast(cast({{ amount }} as decimal(38, 4)) as {{ dbt.type_string() }})
        else cast(cast({{ amount }} as decimal(38, 2)) as {{ dbt.type_string() }})
    end
{%- endmacro %}

{#- A ratio for reading (DSO, shares) or a cross rate, rounded; null when there is nothing to divide by. -#}
{% macro x_ratio(numerator, denominator, digits=4, precision=18) -%}{{ adapter.dispatch('x_ratio', 'tieout')(numerator, denominator, digits, precision) }}{%- endmacro %}

{% macro default__x_ratio(numerator, denominator, digits, precision) -%}
    cast(round(cast({{ numerator }} as decimal(38, 10)) / nullif({{ denominator }}, 0), {{ digits }}) as decimal({{ precision }}, {{ digits }}))
{%- endmacro %}

{#- Text to money where the raw table holds JSON: a bad number becomes null and shows up as a residual. -#}
{% macro x_try_money(text) -%}{{ adapter.dispatch('x_try_money', 'tieout')(text) }}{%- endmacro %}

{% macro default__x_try_money(text) -%}
    try_cast({{ text }} as decimal(18, 4))
{%- endmacro %}

{% macro postgres__x_try_money(text) -%}
    case when {{ text }} ~ '^-?[0-9]+([.][0-9]+)?$' then cast({{ text }} as decimal(18, 4)) end
{%- endmacro %}
