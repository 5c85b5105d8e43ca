-- A payment links debts and credits without saying which credit pays which debt. Both are laid end to end in their order, credits first
-- and then the payment's own money: where two overlap, the one pays the other. A payment of nothing that links an invoice and a credit
-- memo is so the credit memo's application. Credit beyond all debts (an invoice was deleted) stays with the payment, unapplied.
with

links as (select * from {{ ref('stg_quickbooks__links') }}),

laid as (
    select
        *,
        sum(linked_amount) over (partition by connection, payment_id, side order by line_number rows unbounded preceding) as end_amount
    from links
),

sums as (
    select
        connection,
        payment_id,
        payment_key,
        payment_date,
        exchange_rate,
        currency,
        sum(case when side = 'debit' then linked_amount else 0 end) as debit_amount,
        sum(case when side = 'credit' then linked_amount else 0 end) as credit_amount
    from links
    group by connection, payment_id, payment_key, payment_date, exchange_rate, currency
),

debits as (
    select
        connection, payment_id, payment_key, payment_date, exchange_rate, currency, linked_key as debit_key,
        linked_document_type as debit_type,
        linked_date as debit_date, is_left_out, end_amount - linked_amount as start_amount, end_amount
    from laid
    where side = 'debit'
    union all
    select
        connection, payment_id, payment_key, payment_date, exchange_rate, currency, payment_key, 'payment', payment_date, false,
        debit_amount, credit_amount
    from sums
    where credit_amount > debit_amount
),

credits as (
    select
        connection, payment_id, linked_key as credit_key, linked_document_type as credit_type, linked_date as credit_date, is_left_out,
        end_amount - linked_amount as start_amount, end_amount
    from laid
    where side = 'credit'
    union all
    select connection, payment_id, payment_key, 'payment', payment_date, false, credit_amount, debit_amount
    from sums
    where debit_amount > credit_amount
),

pairs as (
    select
        debits.connection,
        credits.credit_key || '>' || debits.debit_key as application_key,
        credits.credit_key as payment_key,
        credits.credit_type as payment_type,
        debits.debit_key as document_key,
        debits.debit_type as document_type,
        debits.currency,
        debits.payment_key as linked_by,
        debits.payment_date as linked_date,
        debits.exchange_rate as linked_rate,
        case when debits.end_amount < credits.end_amount then debits.end_amount else credits.end_amount end
        - case when debits.start_amount > credits.start_amount then debits.start_amount else credits.start_amount end as applied_amount,
        greatest(debits.payment_date, debits.debit_date, credits.credit_date) as applied_date,
        debits.is_left_out or credits.is_left_out as is_left_out
    from debits
    inner join credits
        on
            debits.connection = credits.connection
            and debits.payment_id = credits.payment_id
            and debits.start_amount < credits.end_amount
            and debits.end_amount > credits.start_amount
),

-- One row per pair, also where two payments of nothing link the same credit memo and invoice.
summed as (
    select
        connection,
        application_key,
        payment_key,
        payment_type,
        document_key,
        document_type,
        currency,
        {{ money('sum(applied_amount)') }} as applied_amount,
        max(applied_date) as applied_date,
        min(linked_by) as linked_by,
        min(linked_date) as linked_date,
        min(linked_rate) as linked_rate,
        min(case when is_left_out then 1 else 0 end) = 1 as is_left_out
    from pairs
    group by connection, application_key, payment_key, payment_type, document_key, document_type, currency
)

select * from summed
