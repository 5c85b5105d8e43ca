{#- One row per match of a pattern's first group: `keep`, then `as_name`. -#}
{% macro x_find_all(relation, text, pattern, keep, as_name) -%}
    {{ adapter.dispatch('x_find_all', 'tieout')(relation, text, pattern, keep, as_name) }}
{%- endmacro %}

{% macro default__x_find_all(relation, text, pattern, keep, as_name) -%}
    select {{ keep | join(', ') }}, unnest(regexp_extract_all({{ text }}, '{{ pattern }}', 1)) as {{ as_name }}
    from {{ relation }}
    where {{ text }} is not null
{%- endmacro %}

{% macro postgres__x_find_all(relation, text, pattern, keep, as_name) -%}
    select {{ keep | join(', ') }}, found[1] as {{ as_name }}
    from {{ relation }}
    cross join lateral regexp_matches({{ text }}, '{{ pattern }}', 'g') as matches (found)
{%- endmacro %}

{% macro spark__x_find_all(relation, text, pattern, keep, as_name) -%}
    select {{ keep | join(', ') }}, explode(regexp_extract_all({{ text }}, '{{ pattern }}', 1)) as {{ as_name }}
    from {{ relation }}
{%- endmacro %}

{#- Ids of a PSP as they stand in memos and external ids: whole words, also inside `tieout_payment_ch_..._12`. -#}
{% macro id_pattern(prefixes) -%}
(?:^|[^A-Za-z0-9])((?:{{ prefixes | join('|') }})_[A-Za-z0-9]+)
{%- endmacro %}

{#- Ids of payments, of providers and of bank statements. -#}
{% macro payment_id_pattern() -%}
{{ id_pattern(['ch', 'py', 'bl']) }}
{%- endmacro %}

{#-
  The words of a text that could be a number of something, `keep` and `number` (upper case), each once: a word without a digit, or one so
  short that it could be anything, proves nothing. A word is taken whole, and also without what stands around its slashes.
-#}
{% macro reference_numbers(relation, text, keep) -%}
    {%- set words = '([A-Za-z0-9][A-Za-z0-9_./-]*[A-Za-z0-9])' -%}
    {%- set parts = '([A-Za-z0-9][A-Za-z0-9_.-]*[A-Za-z0-9])' -%}
    select {{ keep | join(', ') }}, upper(word) as number
    from (
        {{ x_find_all(relation, text, words, keep, 'word') }}
        union
        {{ x_find_all(relation, text, parts, keep, 'word') }}
    ) as found_words
    where length(word) >= 4 and word <> translate(word, '0123456789', '')
    group by {{ keep | join(', ') }}, upper(word)
{%- endmacro %}
