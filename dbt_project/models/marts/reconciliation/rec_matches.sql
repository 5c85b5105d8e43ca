with

postings as (select * from {{ ref('int_payment_postings') }}),

citations as (
    select * from {{ ref('int_payment_citations') }}
    where psp_payment_key is not null and citation_rank = 1
),

payouts as (
    select * from {{ ref('int_payout_states') }}
    where deposit_key is not null
),

payments as (
    select
        'payment' as match_type,
        citations.erp_connection as connection,
        citations.psp_payment_key as left_key,
        citations.erp_payment_key as right_key,
        citations.method as reason,
        postings.payment_amount as left_amount,
        citations.payment_amount as right_amount,
        postings.currency,
        postings.currency = citations.currency as currency_agrees,
        postings.booked_amount = postings.payment_amount as amount_agrees,
        case
            when postings.exact_customer_key is null then null
            else not citations.is_other_customer
        end as customer_agrees,
        {{ later('postings.first_seen_at', 'citations.first_seen_at') }} as first_seen_at
    from citations
    inner join postings on citations.psp_payment_key = postings.payment_key
),

deposits as (
    select
        'payout' as match_type,
        erp_connection as connection,
        payout_key as left_key,
        deposit_key as right_key,
        'payout_id_in_erp_record' as reason,
        payout_amount as left_amount,
        deposit_amount as right_amount,
        currency,
        currency = deposit_currency as currency_agrees,
        payout_amount = deposit_amount as amount_agrees,
        cast(null as boolean) as customer_agrees,
        {{ later('first_seen_at', 'deposit_seen_at') }} as first_seen_at
    from payouts
),

bank_credits as (
    select
        'bank_credit' as match_type,
        erp_connection as connection,
        line_key as left_key,
        sum_key as right_key,
        'amount_and_day' as reason,
        amount as left_amount,
        amount as right_amount,
        currency,
        true as currency_agrees,
        true as amount_agrees,
        cast(null as boolean) as customer_agrees,
        first_seen_at
    from {{ ref('int_bank_lump_sums') }}
),

unioned as (
    select * from payments
    union all
    select * from deposits
    union all
    select * from bank_credits
),

final as (
    select
        match_type || '|' || left_key || '|' || right_key as match_key,
        match_type,
        connection,
        left_key,
        right_key,
        reason,
        left_amount,
        right_amount,
        currency,
        currency_agrees,
        amount_agrees,
        customer_agrees,
        first_seen_at
    from unioned
)

select * from final
