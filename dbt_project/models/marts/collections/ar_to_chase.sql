with

aging as (select * from {{ ref('ar_aging') }}),

documents as (select * from {{ ref('ar_documents') }}),

customers as (select * from {{ ref('ar_customers') }}),

contacts as (
    select customer_key, {{ dbt.listagg('email', "', '", 'order by email') }} as contact_emails
    from (
        select distinct customer_key, lower(email) as email from {{ ref('ar_contacts') }}
        where not is_inactive and email is not null)
        as addresses
    group by customer_key
),

on_account as (
    select customer_key, currency, sum(unapplied_amount) as unapplied_amount
    from {{ ref('ar_payments') }}
    group by customer_key, currency
),

final as (
    select
        aging.document_key,
        aging.connection,
        aging.document_number,
        aging.customer_key,
        customers.customer_name,
        customers.ultimate_parent_customer_key,
        customers.email as customer_email,
        contacts.contact_emails,
        aging.currency,
        aging.open_amount,
        {{ money('aging.open_amount - documents.pending_amount') }} as amount_to_chase,
        aging.issued_date,
        aging.due_date,
        aging.days_overdue,
        aging.bucket,
        {{ money('coalesce(on_account.unapplied_amount, 0)') }} as customer_unapplied_amount
    from aging
    inner join documents on aging.document_key = documents.document_key
    left join customers on aging.customer_key = customers.customer_key
    left join contacts on aging.customer_key = contacts.customer_key
    left join on_account
        on
            aging.customer_key = on_account.customer_key
            and aging.currency = on_account.currency
    where
        documents.document_type = 'invoice'
        and documents.status = 'overdue'
        and documents.open_amount > 0
        and documents.open_amount > documents.pending_amount
        and not documents.is_disputed
        and not coalesce(customers.is_deleted, false)
)

select * from final
