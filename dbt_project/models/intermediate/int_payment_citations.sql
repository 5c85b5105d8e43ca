-- ERP payments that stand for a payment of a provider or bank, told apart as first and further ones: those that carry its id, and those
-- that somebody booked from the bank statement.
with

payments as (
    select * from {{ ref('int_open_payments') }}
    where not is_deleted
),

cited as (
    select payment_key, charge_id, 'charge_id_in_erp_record' as method from {{ ref('int_cited_ids') }}
    union all
    select erp_payment_key as payment_key, charge_id, method from {{ ref('int_bank_bookings') }}
    where is_match
),

psp_payments as (select * from {{ ref('int_psp_payments') }}),

connected as (select distinct erp_connection from {{ ref('int_psp_links') }}),

evidence as (
    select
        payment_key,
        max(case when is_exact then 1 else 0 end) = 1 as is_exact,
        count(distinct customer_key) as customer_count
    from {{ ref('int_payment_evidence') }}
    group by payment_key
),

evidence_customers as (select distinct payment_key, customer_key from {{ ref('int_payment_evidence') }}),

joined as (
    select
        cited.charge_id,
        cited.method,
        psp_payments.payment_key as psp_payment_key,
        payments.payment_key as erp_payment_key,
        payments.payment_id as erp_payment_id,
        payments.connection as erp_connection,
        payments.customer_key,
        payments.currency,
        payments.payment_amount,
        payments.applied_amount,
        payments.is_deposited,
        payments.account_id,
        payments.subsidiary_id,
        payments.first_seen_at,
        -- A payment for several customers is booked once for each; for one customer, only once.
        case
            when evidence.customer_count > 1 and evidence_customers.customer_key is not null then payments.customer_key
            else ''
        end as slot,
        coalesce(evidence.customer_count, 0) > 1 as is_shared,
        psp_payments.exact_customer_key is not null
        and psp_payments.exact_customer_key <> payments.customer_key
        and evidence_customers.customer_key is null as is_other_customer
    from cited
    inner join payments on cited.payment_key = payments.payment_key
    inner join connected on payments.connection = connected.erp_connection
    left join psp_payments
        on
            cited.charge_id = psp_payments.charge_id
            and payments.connection = psp_payments.erp_connection
    left join evidence on psp_payments.payment_key = evidence.payment_key
    left join evidence_customers
        on
            psp_payments.payment_key = evidence_customers.payment_key
            and payments.customer_key = evidence_customers.customer_key
),

ranked as (
    select
        joined.*,
        row_number() over (
            partition by joined.erp_connection, joined.charge_id, joined.slot
            order by {{ id_order('joined.erp_payment_id') }}
        ) as citation_rank
    from joined
)

select * from ranked
