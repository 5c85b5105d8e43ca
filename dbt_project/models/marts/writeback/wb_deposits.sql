{%- set other_lines = [
    ['fees_amount', 'fee_account', 'Provider fees', 'planned.fee_vendor'],
    ['refunds_amount', 'refund_account', 'Refunds', 'null'],
] -%}
with

planned as (
    select * from {{ ref('int_planned_deposits') }}
    where obstacle is null and mode is not null
),

intents as (select * from {{ ref('stg_tieout__intents') }}),

movements as (select * from {{ ref('int_deposit_movements') }}),

other_parts as (
    {%- for amount, account, memo, entity in other_lines %}
    select
        planned.payout_key,
        {{ loop.index }} as place,
        {{ json_object([
            ['account', x_json_string('planned.' ~ account)],
            ['amount', x_json_string(money_text('planned.' ~ amount, 'planned.exponent'))],
            ['memo', x_json_string("'" ~ memo ~ "'")],
            ['entity', x_json_string(entity)],
        ]) }} as line
    from planned
    where planned.{{ amount }} <> 0
    union all
    {%- endfor %}
    -- Each dispute and each returned debit is a line of its own: what took the money, and what gave it back, is found by its id.
    select
        planned.payout_key,
        100 + row_number() over (
            partition by planned.payout_key order by movements.cause_id, movements.balance_transaction_id
        ) as place,
        {{ json_object([
            ['account', x_json_string('planned.dispute_account')],
            ['amount', x_json_string(money_text('movements.gross_amount', 'planned.exponent'))],
            ['memo', x_json_string("case movements.category
                when 'charge_failure' then 'Returned debit '
                when 'dispute_reversal' then 'Won dispute '
                else 'Dispute '
            end || coalesce(movements.cause_id, movements.balance_transaction_id)")],
            ['entity', x_json_string('null')],
        ]) }} as line
    from planned
    inner join movements on planned.payout_key = movements.payout_key
    where movements.line_kind = 'dispute' and movements.gross_amount <> 0
),

others as (
    select payout_key, {{ json_array('line', 'place') }} as lines
    from other_parts
    group by payout_key
),

worded as (
    select
        planned.*,
        'tieout_deposit_' || planned.payout_id as intent_key,
        {{ money_text('planned.total_amount', 'planned.exponent') }} as total_text,
        cast(planned.booking_date as {{ dbt.type_string() }}) as date_text,
        coalesce(others.lines, '[]') as other_lines
    from planned
    left join others on planned.payout_key = others.payout_key
),

final as (
    select
        worded.intent_key,
        worded.connection,
        'deposit' as kind,
        worded.payout_key as subject_key,
        cast(null as {{ dbt.type_string() }}) as customer_key,
        worded.total_amount as amount,
        worded.currency,
        {{ json_object([
            ['account', x_json_string('worded.bank_account')],
            ['currency', x_json_string('worded.currency')],
            ['date', x_json_string('worded.date_text')],
            ['memo', x_json_string(memo_text('worded.deposit_memo_template', {
                'payout_id': 'worded.payout_id', 'amount': 'worded.total_text', 'currency': 'worded.currency',
                'date': 'cast(worded.arrival_date as varchar)',
            }))],
            ['total', x_json_string('worded.total_text')],
            ['subsidiary_id', x_json_string('worded.subsidiary_id')],
            ['payments', 'worded.payments'],
            ['other', 'worded.other_lines'],
        ]) }} as payload,
        worded.payment_count || ' payment(s), each booked exactly once; the total ties to the payout'
        || case when worded.booking_date <> worded.arrival_date
                then '; dated ' || worded.date_text || ' because the period of ' || cast(worded.arrival_date as varchar) || ' is closed'
            else ''
        end
            as evidence,
        worded.mode,
        intents.state as intent_state
    from worded
    left join intents on worded.intent_key = intents.intent_key
)

select * from final
