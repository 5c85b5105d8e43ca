-- One row per payout whose deposit is missing, with its lines and the first thing that stands in its way.
with

payouts as (
    select * from {{ ref('int_payout_states') }}
    where status = 'paid' and deposit_key is null and open_reason = 'missing_deposit'
),

movements as (
    select movements.*
    from {{ ref('int_deposit_movements') }} as movements
    inner join payouts on movements.payout_key = payouts.payout_key
),

connections as (select * from {{ ref('stg_tieout__connections') }}),

units as (select * from {{ ref('currency_units') }}),

postings as (select * from {{ ref('int_payment_postings') }}),

citations as (
    select * from {{ ref('int_payment_citations') }}
    where psp_payment_key is not null
),

periods as (select * from {{ ref('erp_periods') }}),

sums as (
    select
        payout_key,
        sum(case when line_kind = 'fee' then net_amount else -fee_amount end) as fees_amount,
        sum(case when line_kind = 'refund' then gross_amount else 0 end) as refunds_amount,
        sum(case when line_kind = 'dispute' then gross_amount else 0 end) as disputes_amount,
        sum(case when line_kind = 'dispute' then 1 else 0 end) as dispute_count,
        sum(case when line_kind = 'unmapped' then 1 else 0 end) as unmapped_count
    from movements
    group by payout_key
),

members as (
    select
        movements.payout_key,
        citations.erp_payment_key,
        citations.erp_payment_id,
        citations.payment_amount,
        citations.subsidiary_id,
        citations.is_deposited or (citations.account_id is not null and accounts.ledger_account = 'bank') as is_in_bank,
        citations.erp_payment_key is null or postings.is_partly_booked as is_unbooked
    from movements
    left join postings on movements.payment_key = postings.payment_key
    left join citations on movements.payment_key = citations.psp_payment_key
    left join {{ ref('erp_accounts') }} as accounts
        on
            citations.erp_connection = accounts.connection
            and citations.account_id = accounts.account_id
    where movements.line_kind = 'payment'
),

with_units as (
    select members.*, coalesce(units.exponent, 2) as exponent
    from members
    inner join payouts on members.payout_key = payouts.payout_key
    left join units on payouts.currency = units.currency
),

gathered as (
    select
        payout_key,
        sum(payment_amount) as payments_amount,
        min(subsidiary_id) as subsidiary_id,
        count(distinct subsidiary_id) as subsidiary_count,
        sum(case when is_unbooked then 1 else 0 end) as unbooked_count,
        sum(case when is_in_bank then 1 else 0 end) as in_bank_count,
        count(*) - count(distinct erp_payment_key) as repeated_count,
        count(*) as payment_count,
        {{ json_array(
            json_object([
                ['payment_id', x_json_string('erp_payment_id')],
                ['amount', x_json_string(money_text('payment_amount', 'exponent'))],
            ]),
            id_order('erp_payment_id'),
        ) }} as payments
    from with_units
    group by payout_key
),

dated as (
    select
        payouts.payout_key,
        periods.is_closed,
        min(later_periods.start_date) as next_open_date
    from payouts
    left join periods
        on
            payouts.erp_connection = periods.connection
            and payouts.arrival_date between periods.start_date and periods.end_date
    left join periods as later_periods
        on
            payouts.erp_connection = later_periods.connection
            and payouts.arrival_date < later_periods.start_date
            and not later_periods.is_closed
    group by payouts.payout_key, periods.is_closed
),

planned as (
    select
        payouts.erp_connection as connection,
        payouts.payout_key,
        payouts.payout_id,
        payouts.arrival_date,
        case
            when coalesce(dated.is_closed, false) and connections.closed_period = 'next_open' then dated.next_open_date
            else payouts.arrival_date
        end as booking_date,
        payouts.currency,
        coalesce(units.exponent, 2) as exponent,
        payouts.payout_amount,
        gathered.subsidiary_id,
        coalesce(gathered.payments, '[]') as payments,
        coalesce(gathered.payment_count, 0) as payment_count,
        {{ money('coalesce(sums.fees_amount, 0)') }} as fees_amount,
        {{ money('coalesce(sums.refunds_amount, 0)') }} as refunds_amount,
        {{ money('coalesce(sums.disputes_amount, 0)') }} as disputes_amount,
        {{ money('coalesce(gathered.payments_amount, 0) + coalesce(sums.fees_amount, 0) + coalesce(sums.refunds_amount, 0)
            + coalesce(sums.disputes_amount, 0)') }} as total_amount,
        {{ x_json_lookup('connections.bank_accounts', 'payouts.currency') }} as bank_account,
        connections.fee_account,
        connections.fee_vendor,
        connections.refund_account,
        connections.dispute_account,
        connections.deposit_memo_template,
        connections.writeback_deposit as mode,
        case
            when coalesce(gathered.unbooked_count, 0) > 0 then 'waiting_for_payments'
            when coalesce(gathered.in_bank_count, 0) > 0 then 'payment_already_deposited'
            when coalesce(gathered.repeated_count, 0) > 0 then 'payment_in_two_charges'
            when coalesce(gathered.subsidiary_count, 0) > 1 then 'mixed_subsidiaries'
            when coalesce(sums.unmapped_count, 0) > 0 then 'unmapped_category'
            when {{ x_json_lookup('connections.bank_accounts', 'payouts.currency') }} is null then 'bank_account_missing'
            when coalesce(sums.fees_amount, 0) <> 0 and connections.fee_account is null then 'fee_account_missing'
            when coalesce(sums.refunds_amount, 0) <> 0 and connections.refund_account is null then 'refund_account_missing'
            when coalesce(sums.dispute_count, 0) > 0 and connections.dispute_account is null then 'dispute_account_missing'
            when coalesce(gathered.payments_amount, 0) + coalesce(sums.fees_amount, 0) + coalesce(sums.refunds_amount, 0)
                + coalesce(sums.disputes_amount, 0) <> payouts.payout_amount then 'does_not_tie'
            when coalesce(gathered.payment_count, 0) = 0 then 'no_payments'
            when coalesce(dated.is_closed, false)
                and (connections.closed_period <> 'next_open' or dated.next_open_date is null) then 'closed_period'
        end as obstacle
    from payouts
    inner join connections on payouts.erp_connection = connections.connection
    left join sums on payouts.payout_key = sums.payout_key
    left join gathered on payouts.payout_key = gathered.payout_key
    left join dated on payouts.payout_key = dated.payout_key
    left join units on payouts.currency = units.currency
)

select * from planned
