with

documents as (
    select * from {{ ref('ar_documents') }}
    where open_amount <> 0
),

payments as (
    select * from {{ ref('ar_payments') }}
    where unapplied_amount <> 0
),

connections as (select * from {{ ref('ar_connections') }}),

buckets as (select * from {{ ref('int_aging_buckets') }}),

items as (
    select
        document_key as item_key, document_key, 'document' as item_type, document_type, document_number, connection, customer_key,
        currency, open_amount, base_open_amount, pending_amount, issued_date, due_date, effective_due_date, is_disputed
    from documents
    union all
    -- Money on account reduces what is owed; it is never overdue.
    select
        payment_key, null, 'unapplied_payment', payment_type, payment_number, connection, customer_key,
        currency, -unapplied_amount, null, {{ money('0') }}, payment_date, payment_date, payment_date, false
    from payments
),

aged as (
    select
        items.*,
        connections.accounting_date as as_of_date,
        case
            when items.item_type = 'document' and items.open_amount > 0
                and items.effective_due_date < connections.accounting_date
                then {{ x_days_between('items.effective_due_date', 'connections.accounting_date') }}
            else 0
        end as days_overdue
    from items
    left join connections on items.connection = connections.connection
),

final as (
    select
        aged.item_key,
        aged.document_key,
        aged.item_type,
        aged.document_type,
        aged.document_number,
        aged.connection,
        aged.customer_key,
        aged.currency,
        aged.open_amount,
        aged.base_open_amount,
        aged.pending_amount,
        aged.issued_date,
        aged.due_date,
        aged.as_of_date,
        aged.days_overdue,
        coalesce(buckets.bucket, 'current') as bucket,
        cast(coalesce(buckets.bucket_order, 0) as integer) as bucket_order,
        aged.is_disputed
    from aged
    left join buckets
        on
            aged.connection = buckets.connection
            and aged.days_overdue between buckets.lower_days and buckets.upper_days
)

select * from final
