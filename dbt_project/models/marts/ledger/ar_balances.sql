with

documents as (select * from {{ ref('ar_documents') }}),

payments as (select * from {{ ref('int_open_payments') }}),

rates as (select * from {{ ref('int_base_rates') }}),

connections as (select * from {{ ref('stg_tieout__connections') }}),

parts as (
    select
        system, connection, customer_key, currency,
        open_amount, {{ money('0') }} as unapplied_amount, pending_amount,
        base_open_amount as base_amount
    from documents
    where customer_key is not null and not is_deleted
    union all
    select
        payments.system, payments.connection, payments.customer_key, payments.currency,
        {{ money('0') }} as open_amount, payments.unapplied_amount, {{ money('0') }} as pending_amount,
        -{{ convert('payments.unapplied_amount', 'rates.base_rate', 'rates.base_exponent') }} as base_amount
    from payments
    left join rates on payments.payment_key = rates.record_key
    where not payments.is_deleted
),

final as (
    select
        parts.customer_key,
        parts.system,
        parts.connection,
        parts.currency,
        {{ money('sum(parts.open_amount)') }} as open_amount,
        {{ money('sum(parts.unapplied_amount)') }} as unapplied_amount,
        {{ money('sum(parts.open_amount) - sum(parts.unapplied_amount)') }} as balance_amount,
        {{ money('sum(parts.pending_amount)') }} as pending_amount,
        max(connections.base_currency) as base_currency,
        -- One amount without a rate leaves the sum unknown rather than wrong.
        {{ money("case
            when sum(case when parts.base_amount is null and abs(parts.open_amount) + abs(parts.unapplied_amount) > 0 then 1 else 0 end) = 0
                then coalesce(sum(parts.base_amount), 0)
        end") }} as base_balance_amount
    from parts
    left join connections on parts.connection = connections.connection
    group by parts.customer_key, parts.system, parts.connection, parts.currency
)

select * from final
