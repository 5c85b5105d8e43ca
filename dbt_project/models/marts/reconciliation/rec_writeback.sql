with

intents as (
    select
        *,
        {{ x_json_text('payload', 'amount') }} as amount_text,
        {{ x_json_text('payload', 'total') }} as total_text,
        {{ x_json_text('payload', 'currency') }} as currency
    from {{ ref('stg_tieout__intents') }}
),

connections as (select * from {{ ref('stg_tieout__connections') }}),

records as (
    select payment_key as record_key, currency, payment_amount as amount, is_deleted, 'payment' as kind
    from {{ ref('erp_payments') }}
    union all
    select deposit_key, currency, deposit_amount, is_deleted, 'deposit' from {{ ref('erp_deposits') }}
),

written as (
    select
        intents.intent_key,
        intents.connection,
        intents.kind,
        intents.state,
        intents.subject_key,
        intents.last_error,
        intents.last_attempt_at,
        coalesce({{ x_try_money('intents.amount_text') }}, {{ x_try_money('intents.total_text') }}) as amount,
        intents.currency,
        connections.system || ':' || intents.connection || ':' || intents.erp_id as record_key,
        connections.complete_through
    from intents
    inner join connections on intents.connection = connections.connection
),

compared as (
    select
        written.*,
        records.amount as actual_amount,
        records.currency as actual_currency,
        records.is_deleted,
        records.record_key as actual_key,
        case
            when written.state in ('rejected', 'unknown') then written.state
            when records.is_deleted then 'deleted_after_posting'
            when records.record_key is not null
                and (records.amount <> written.amount or records.currency <> written.currency) then 'changed_after_posting'
            when records.record_key is null and written.complete_through > written.last_attempt_at then 'deleted_after_posting'
        end as reason
    from written
    left join records
        on
            written.record_key = records.record_key
            and written.kind = records.kind
    where
        written.state in ('rejected', 'unknown')
        or (written.state = 'posted' and written.kind in ('payment', 'deposit'))
),

open_breaks as (
    select
        compared.*,
        case when reason = 'changed_after_posting' then actual_amount end as right_amount
    from compared
    where reason is not null
),

final as (
    select
        {{ break_row('open_breaks.reason', 'open_breaks.connection', 'open_breaks.subject_key', 'open_breaks.record_key',
            'open_breaks.amount', 'open_breaks.right_amount', 'open_breaks.currency', 'open_breaks.last_attempt_at',
            "open_breaks.intent_key || coalesce(': ' || open_breaks.last_error, '')", of='open_breaks.intent_key') }}
    from open_breaks
)

select * from final
