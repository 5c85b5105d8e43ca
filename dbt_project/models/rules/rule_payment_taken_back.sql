-- Whoever opens an invoice in the ERP sees that the money of its payment was taken back, and why. A memo that is there stays as it is.
with

lost as (select * from {{ ref('int_lost_payments') }}),

named as (
    select payment_key, document_key from {{ ref('int_payment_evidence') }}
    where is_exact
),

invoices as (
    select * from {{ ref('int_open_documents') }}
    where document_type = 'invoice' and not is_deleted and coalesce(memo, '') = ''
),

-- Of several payments the invoice's own customer's comes first, and then the newest.
paid as (
    select
        invoices.connection,
        invoices.system,
        invoices.document_id,
        lost.psp_payment_key,
        lost.erp_payment_id,
        lost.cause,
        row_number() over (
            partition by invoices.document_key
            order by
                case when lost.customer_key = invoices.customer_key then 0 else 1 end asc,
                length(lost.erp_payment_id) desc,
                lost.erp_payment_id desc,
                lost.psp_payment_key asc
        ) as place
    from invoices
    inner join named on invoices.document_key = named.document_key
    inner join lost
        on
            named.payment_key = lost.psp_payment_key
            and invoices.connection = lost.erp_connection
),

final as (
    select
        connection,
        'invoice' as record_type,
        document_id as record_id,
        case system when 'netsuite' then 'memo' when 'quickbooks' then 'PrivateNote' end as field,
        'Payment ' || erp_payment_id || ' no longer counts: ' || cause as value, -- noqa: RF04
        psp_payment_key as evidence
    from paid
    where place = 1
)

select * from final
