-- Credits of a bank statement that are no customer's payment: a provider's payout, or what was taken to the bank as one deposit.
-- They name nobody and nothing, have its amount and a day near it, and each is the other's nearest.
{%- set near_days = 7 %}
with

booked as (
    select line_key from {{ ref('int_bank_bookings') }}
    where is_match
),

cited as (
    select deposit_key from {{ ref('int_payout_citations') }}
    where payout_key is not null
),

lines as (
    select
        payment_key as line_key,
        erp_connection,
        currency,
        payment_amount,
        payment_date,
        first_seen_at,
        row_number() over (partition by erp_connection, currency, payment_amount, payment_date order by payment_key) as place
    from {{ ref('int_psp_payments') }}
    where
        is_bank
        and erp_customer_key is null
        and payment_key not in (select payment_key from {{ ref('int_payment_evidence') }})
        and payment_key not in (select line_key from booked)
),

-- A payout speaks for its deposit, whose amount somebody may have got wrong.
sums as (
    select
        payouts.payout_key as sum_key,
        links.erp_connection,
        payouts.currency,
        payouts.payout_amount as amount,
        payouts.arrival_date as sum_date,
        payouts.first_seen_at
    from {{ ref('psp_payouts') }} as payouts
    inner join {{ ref('int_psp_links') }} as links on payouts.connection = links.psp_connection
    where payouts.status = 'paid'
    union all
    select deposit_key as sum_key, connection as erp_connection, currency, deposit_amount as amount, deposit_date as sum_date, first_seen_at
    from {{ ref('int_erp_deposits') }}
    where not is_deleted and deposit_key not in (select deposit_key from cited)
),

placed as (
    select *, row_number() over (partition by erp_connection, currency, amount, sum_date order by sum_key) as place
    from sums
),

pairs as (
    select
        lines.line_key,
        placed.sum_key,
        lines.erp_connection,
        lines.currency,
        lines.payment_amount as amount,
        {{ later('lines.first_seen_at', 'placed.first_seen_at') }} as first_seen_at,
        abs({{ x_days_between('lines.payment_date', 'placed.sum_date') }}) as days,
        abs(lines.place - placed.place) as places
    from lines
    inner join placed
        on
            lines.erp_connection = placed.erp_connection
            and lines.currency = placed.currency
            and lines.payment_amount = placed.amount
),

ranked as (
    select
        pairs.*,
        row_number() over (partition by line_key order by days, places, sum_key) as line_rank,
        row_number() over (partition by sum_key order by days, places, line_key) as sum_rank
    from pairs
    where days <= {{ near_days }}
)

select * from ranked
where line_rank = 1 and sum_rank = 1
