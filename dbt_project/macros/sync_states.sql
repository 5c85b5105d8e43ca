{#-
  What has become of the writes of one kind, one row a subject: the worst of them (a payment of k customers has k), how often any was tried,
  and the ids of all that were made.
-#}
{% macro sync_states(kind) -%}
select
    ranked.subject_key,
    ranked.state,
    ranked.last_error,
    totals.attempts,
    totals.last_attempt_at,
    totals.erp_id,
    totals.erp_ids
from (
    select
        *,
        row_number() over (
            partition by subject_key
            order by
                case state
                    when 'rejected' then 1 when 'unknown' then 2 when 'sending' then 3 when 'planned' then 4 when 'posted' then 5 else 6
                end,
                intent_key
        ) as place
    from {{ ref('stg_tieout__intents') }}
    where kind = '{{ kind }}'
) as ranked
inner join (
    select
        subject_key,
        cast(sum(attempts) as integer) as attempts,
        max(last_attempt_at) as last_attempt_at,
        min(erp_id) as erp_id,
        {{ dbt.listagg('erp_id', "','", 'order by ' ~ id_order('erp_id')) }} as erp_ids
    from {{ ref('stg_tieout__intents') }}
    where kind = '{{ kind }}'
    group by subject_key
) as totals on ranked.subject_key = totals.subject_key
where ranked.place = 1
{%- endmacro %}
