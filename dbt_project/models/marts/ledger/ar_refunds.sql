with

erp_refunds as (select * from {{ ref('int_erp_refunds') }}),

psp_refunds as (select * from {{ ref('psp_refunds') }}),

psp_payments as (select * from {{ ref('int_psp_payments') }}),

refunded as (
    select document_key as refund_key, min(payment_key) as payment_key
    from {{ ref('int_erp_applications') }}
    where document_type = 'refund'
    group by document_key
),

final as (
    select
        erp_refunds.refund_key,
        erp_refunds.system,
        erp_refunds.connection,
        erp_refunds.refund_id,
        refunded.payment_key,
        erp_refunds.customer_key,
        erp_refunds.currency,
        erp_refunds.refund_amount,
        erp_refunds.refund_date,
        case when erp_refunds.is_deleted then 'deleted' else 'posted' end as status,
        erp_refunds.memo,
        erp_refunds.external_id,
        erp_refunds.is_deleted
    from erp_refunds
    left join refunded on erp_refunds.refund_key = refunded.refund_key
    union all
    select
        psp_refunds.refund_key,
        psp_refunds.system,
        psp_refunds.connection,
        psp_refunds.refund_id,
        psp_refunds.payment_key,
        psp_payments.exact_customer_key as customer_key,
        psp_refunds.currency,
        psp_refunds.refund_amount,
        cast(psp_refunds.created_at as date) as refund_date,
        psp_refunds.status,
        psp_refunds.reason as memo,
        cast(null as {{ dbt.type_string() }}) as external_id,
        false as is_deleted
    from psp_refunds
    left join psp_payments on psp_refunds.payment_key = psp_payments.payment_key
)

select * from final
