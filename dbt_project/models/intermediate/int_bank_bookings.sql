-- Lines of bank statements and the ERP payments that somebody may have booked them as, by hand or by a bank feed, without the line's id.
-- A match has the amount and a day near the line's, and shares a number with its words or is of its payer; and each is the other's nearest.
-- Anything else that shares a number, and that stands for no other line, is a doubt: then nothing is written without a person.
{%- set near_days = 7 %}
{%- set doubtful_days = 60 %}
with

lines as (
    select
        payment_key,
        charge_id,
        erp_connection,
        currency,
        payment_amount,
        payment_date,
        erp_customer_key,
        coalesce(description, '') || ' ' || coalesce(statement_descriptor, '') as reference_text,
        row_number() over (partition by erp_connection, currency, payment_amount, payment_date order by charge_id) as place
    from {{ ref('int_psp_payments') }}
    where is_bank and erp_connection is not null and charge_id not in (select charge_id from {{ ref('int_cited_ids') }})
),

payments as (
    select
        payment_key,
        payment_id,
        connection,
        customer_key,
        currency,
        payment_amount,
        payment_date,
        coalesce(memo, '') || ' ' || coalesce(external_id, '') || ' ' || coalesce(payment_number, '') as reference_text,
        row_number() over (partition by connection, currency, payment_amount, payment_date order by {{ id_order('payment_id') }}) as place
    from {{ ref('erp_payments') }} -- those of customers left out of our books too: their money comes to the same bank
    where
        not is_deleted
        and connection in (select erp_connection from lines)
        and payment_key not in (select payment_key from {{ ref('int_cited_ids') }})
),

line_numbers as ({{ reference_numbers('lines', 'reference_text', ['payment_key', 'erp_connection']) }}),

payment_numbers as ({{ reference_numbers('payments', 'reference_text', ['payment_key', 'connection']) }}),

payers as (
    select payment_key, customer_key from {{ ref('int_payment_evidence') }}
    union
    select payment_key, erp_customer_key as customer_key from lines
    where erp_customer_key is not null
),

by_number as (
    select line_numbers.payment_key as line_key, payment_numbers.payment_key, 1 as shares_number
    from line_numbers
    inner join payment_numbers
        on
            line_numbers.erp_connection = payment_numbers.connection
            and line_numbers.number = payment_numbers.number
    where line_numbers.number not like '20__' -- years stand in many words
),

by_payer as (
    select lines.payment_key as line_key, payments.payment_key, 0 as shares_number
    from lines
    inner join payers on lines.payment_key = payers.payment_key
    inner join payments
        on
            lines.erp_connection = payments.connection
            and payers.customer_key = payments.customer_key
            and lines.currency = payments.currency
            and lines.payment_amount = payments.payment_amount
),

either as (
    select * from by_number
    union all
    select * from by_payer
),

found as (
    select line_key, payment_key, max(shares_number) as shares_number
    from either
    group by line_key, payment_key
),

pairs as (
    select
        found.line_key,
        found.payment_key,
        found.shares_number,
        lines.charge_id,
        payments.payment_id,
        lines.payment_amount = payments.payment_amount as is_amount,
        abs({{ x_days_between('lines.payment_date', 'payments.payment_date') }}) as days,
        abs(lines.place - payments.place) as places
    from found
    inner join lines on found.line_key = lines.payment_key
    inner join payments
        on
            found.payment_key = payments.payment_key
            and lines.currency = payments.currency
),

ranked as (
    select
        pairs.*,
        row_number() over (
            partition by line_key order by -shares_number, days, places, {{ id_order('payment_id') }}
        ) as line_rank,
        row_number() over (partition by payment_key order by -shares_number, days, places, charge_id) as payment_rank
    from pairs
    where is_amount and days <= {{ near_days }}
),

matched as (
    select * from ranked
    where line_rank = 1 and payment_rank = 1
),

judged as (
    select
        pairs.line_key,
        pairs.charge_id,
        pairs.payment_key as erp_payment_key,
        matched.line_key is not null as is_match,
        case when pairs.shares_number = 1 then 'reference_in_erp_record' else 'payer_amount_and_day' end as method
    from pairs
    left join matched
        on
            pairs.line_key = matched.line_key
            and pairs.payment_key = matched.payment_key
    where
        matched.line_key is not null
        or (
            (pairs.days <= {{ near_days }} or (pairs.shares_number = 1 and pairs.days <= {{ doubtful_days }}))
            and pairs.line_key not in (select taken.line_key from matched as taken)
            and pairs.payment_key not in (select given.payment_key from matched as given)
        )
)

select * from judged
