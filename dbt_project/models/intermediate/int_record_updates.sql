-- What the rules want changed: one row per record, field and value, with the first thing that stands in its way.
with

wanted as (
    {{ union_rules() }}
),

connections as (
    select * from {{ ref('stg_tieout__connections') }}
    where system in ('{{ var("erps") | join("', '") }}')
),

periods as (
    select * from {{ ref('erp_periods') }}
    where is_closed
),

customers as (
    select customers.*
    from {{ ref('erp_customers') }} as customers
    left join {{ ref('int_customer_scope') }} as left_out on customers.customer_key = left_out.customer_key
    where left_out.customer_key is null
),

records as (
    select connection, 'customer' as record_type, customer_id as record_id, customer_key, cast(null as date) as record_date, is_deleted
    from customers
    union all
    select connection, document_type, document_id, customer_key, issued_date, is_deleted
    from {{ ref('int_erp_documents') }}
    where document_type in ('invoice', 'credit_note')
    union all
    select connection, 'payment', payment_id, customer_key, payment_date, is_deleted
    from {{ ref('int_erp_payments') }}
    where payment_type = 'payment'
),

allowed as (
    {%- for level in record_levels() %}
    select connection, '{{ level }}' as record_type, field
    from (
        {{ x_json_values(
            '(select connection, ' ~ x_json_text('update_fields', level) ~ ' as names from connections) as settings',
            'names', ['connection'], 'field',
        ) }}
    ) as named
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

judged as (
    select
        wanted.*,
        coalesce(connections.system || ':', '') || coalesce(wanted.connection, '') || ':' || coalesce(wanted.record_id, '') as record_key,
        records.customer_key,
        records.record_date,
        connections.writeback_record_update as mode,
        case
            when connections.connection is null then 'unknown_connection'
            when wanted.level <> wanted.record_type or wanted.record_type is null then 'wrong_level'
            when records.record_id is null then 'unknown_record'
            when records.is_deleted then 'deleted_record'
            when wanted.value is null then 'no_value'
            when allowed.field is null then 'field_not_allowed'
        end as obstacle
    from wanted
    left join connections on wanted.connection = connections.connection
    left join records
        on
            wanted.connection = records.connection
            and wanted.record_type = records.record_type
            and wanted.record_id = records.record_id
    left join allowed
        on
            wanted.connection = allowed.connection
            and wanted.record_type = allowed.record_type
            and wanted.field = allowed.field
),

compared as (
    select
        *,
        rule_name || ': ' || coalesce(evidence, 'no evidence') as reason,
        min(case when obstacle is null then value end) over same_field
        <> max(case when obstacle is null then value end) over same_field as is_contradicted
    from judged
    window same_field as (partition by connection, record_type, record_id, field)
),

agreed as (
    select
        connection,
        record_type,
        record_id,
        record_key,
        field,
        value,
        customer_key,
        record_date,
        mode,
        case when obstacle is null and is_contradicted then 'contradicting_rules' else obstacle end as obstacle,
        {{ dbt.listagg("distinct rule_name", "', '", "order by rule_name") }} as rules,
        {{ dbt.listagg("distinct reason", "'; '", "order by reason") }} as evidence
    from compared
    group by connection, record_type, record_id, record_key, field, value, customer_key, record_date, mode, obstacle, is_contradicted
),

keyed as (
    select
        *,
        'tieout_update_' || connection || '_' || record_type || '_' || record_id || '_' || replace(field, '.', '-')
        || '_' || substr({{ dbt.hash('value') }}, 1, 12) as intent_key
    from agreed
),

closed as (
    select keyed.intent_key, max(case when periods.is_sealed then 1 else 0 end) = 1 as is_sealed
    from keyed
    inner join periods
        on
            keyed.connection = periods.connection
            and keyed.record_date between periods.start_date and periods.end_date
    where keyed.obstacle is null
    group by keyed.intent_key
),

sent as (
    select
        intent_key,
        subject_key,
        created_at,
        {{ x_json_text('payload', 'record_type') }} as record_type,
        {{ x_json_text('payload', 'field') }} as field
    from {{ ref('stg_tieout__intents') }}
    where kind = 'record_update' and state = 'posted'
),

overtaken as (
    select distinct sent.intent_key
    from sent
    inner join sent as later
        on
            sent.subject_key = later.subject_key
            and sent.record_type = later.record_type
            and sent.field = later.field
            and sent.created_at < later.created_at
),

final as (
    select
        keyed.connection,
        keyed.record_type,
        keyed.record_id,
        keyed.record_key,
        keyed.field,
        keyed.value,
        keyed.customer_key,
        keyed.mode,
        keyed.rules,
        keyed.evidence,
        keyed.intent_key,
        case when keyed.obstacle is null and closed.is_sealed then 'closed_period' else keyed.obstacle end as obstacle,
        closed.intent_key is not null as is_in_closed_period,
        -- Sent, and another value after it: the same value is not sent a second time.
        overtaken.intent_key is not null as is_overtaken
    from keyed
    left join closed on keyed.intent_key = closed.intent_key
    left join overtaken on keyed.intent_key = overtaken.intent_key
)

select * from final
