-- Every payment that a provider or bank knows of, with the books that reconcile it and what has become of its money.
with

payments as (select * from {{ ref('psp_payments') }}),

links as (select * from {{ ref('int_psp_links') }}),

customers as (select * from {{ ref('psp_customers') }}),

out_of_scope as (select * from {{ ref('int_customer_scope') }}),

erp_customers as (select * from {{ ref('erp_customers') }}),

-- A name that is one customer's alone.
payer_names as (
    select connection, upper(trim(customer_name)) as payer_name, min(customer_key) as customer_key
    from erp_customers
    where not is_deleted
    group by connection, upper(trim(customer_name))
    having count(*) = 1
),

disputes as (
    select
        payment_key,
        max(case when is_money_withdrawn then dispute_key end) as lost_dispute_key,
        max(case when is_money_withdrawn then dispute_id end) as lost_dispute_id,
        max(case when is_money_withdrawn then first_seen_at end) as dispute_seen_at
    from {{ ref('psp_disputes') }}
    group by payment_key
),

named as (
    select
        payments.*,
        links.erp_connection,
        links.erp_system,
        coalesce(payments.booked_date, {{ x_local_date('payments.created_at', "coalesce(links.time_zone, 'UTC')") }}) as payment_date,
        payments.system in ('{{ var("banks") | join("', '") }}') as is_bank,
        upper(trim(payments.counterparty)) as payer_name,
        links.activated_on,
        links.erp_system || ':' || links.erp_connection || ':' || payments.erp_customer_id as metadata_customer_key,
        links.erp_system || ':' || links.erp_connection || ':' || customers.erp_customer_id as mapped_customer_key,
        disputes.lost_dispute_key,
        disputes.lost_dispute_id,
        disputes.dispute_seen_at,
        case
            when payments.status = 'failed' then 'failed'
            when payments.status = 'pending' then 'pending'
            when disputes.lost_dispute_key is not null then 'disputed'
            when payments.refunded_amount >= payments.payment_amount then 'refunded'
            else 'succeeded' -- under inquiry too: no money was taken
        end as state
    from payments
    left join links on payments.connection = links.psp_connection
    left join customers on payments.psp_customer_key = customers.psp_customer_key
    left join disputes on payments.payment_key = disputes.payment_key
),

-- Ids count only when the ERP knows them and they are in scope: a stale id is no evidence.
known as (
    select
        named.*,
        metadata_customers.customer_key as exact_customer_key,
        coalesce(metadata_customers.customer_key, mapped_customers.customer_key, payer_names.customer_key) as erp_customer_key,
        named.payment_date >= named.activated_on as is_active
    from named
    left join erp_customers as metadata_customers
        on
            named.metadata_customer_key = metadata_customers.customer_key
            and named.metadata_customer_key not in (select customer_key from out_of_scope)
    left join erp_customers as mapped_customers
        on
            named.mapped_customer_key = mapped_customers.customer_key
            and named.mapped_customer_key not in (select customer_key from out_of_scope)
    left join payer_names
        on
            named.erp_connection = payer_names.connection
            and named.payer_name = payer_names.payer_name
            and payer_names.customer_key not in (select customer_key from out_of_scope)
)

select * from known
