-- Every ERP payment with what is not applied. A deleted payment's applications are gone. A credit can be put on a payment too.
with

payments as (select * from {{ ref('int_erp_payments') }}),

applications as (select * from {{ ref('int_erp_applications') }}),

used as (
    select
        payment_key,
        sum(applied_amount) as used_amount,
        sum(case when document_type = 'refund' then 0 else applied_amount end) as applied_amount
    from applications
    group by payment_key
),

received as (
    select document_key as payment_key, sum(applied_amount) as received_amount
    from applications
    where document_type = 'payment'
    group by document_key
),

opened as (
    select
        payments.*,
        {{ money('case when payments.is_deleted then 0 else coalesce(used.applied_amount, 0) end') }} as applied_amount,
        {{ money('case
            when payments.is_deleted then 0
            else payments.payment_amount + coalesce(received.received_amount, 0) - coalesce(used.used_amount, 0)
        end') }} as unapplied_amount
    from payments
    left join used on payments.payment_key = used.payment_key
    left join received on payments.payment_key = received.payment_key
)

select * from opened
