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

latest as (
    select
        lost.*,
        named.document_key,
        row_number() over (
            partition by named.document_key
            order by lost.first_seen_at desc, lost.cause_id, {{ id_order('lost.erp_payment_id') }}
        ) as place
    from lost
    inner join named on lost.psp_payment_key = named.payment_key
),

final as (
    select
        invoices.connection,
        'invoice' as record_type,
        invoices.document_id as record_id,
        case invoices.system when 'netsuite' then 'memo' when 'quickbooks' then 'PrivateNote' end as field,
        'Payment ' || latest.erp_payment_id || ' is lost: ' || latest.cause as value, -- noqa: RF04
        latest.psp_payment_key as evidence
    from invoices
    inner join latest on invoices.document_key = latest.document_key
    where latest.place = 1
)

select * from final
