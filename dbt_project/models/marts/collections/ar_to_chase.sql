with

documents as (select * from {{ ref('ar_documents') }}),

connections as (select * from {{ ref('ar_connections') }}),

buckets as (select * from {{ ref('int_aging_buckets') }}),

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

-- An invoice that the ERP has paid by money since lost is owed all the same: the journal that says so is not asked for besides.
owed as (
    select
        documents.*,
        {{ money('documents.open_amount + documents.reopened_amount - documents.pending_amount') }} as amount_to_chase,
        {{ x_days_between('documents.effective_due_date', 'connections.accounting_date') }} as days_overdue
    from documents
    inner join connections on documents.connection = connections.connection
    where
        documents.document_type = 'invoice'
        and documents.status in ('overdue', 'paid')
        and documents.effective_due_date < connections.accounting_date
        and documents.open_amount + documents.reopened_amount > documents.pending_amount
        and not documents.is_disputed
),

final as (
    select
        owed.document_key,
        owed.connection,
        owed.document_number,
        owed.customer_key,
        customers.customer_name,
        customers.ultimate_parent_customer_key,
        customers.email as customer_email,
        contacts.contact_emails,
        owed.currency,
        owed.open_amount,
        owed.reopened_amount,
        owed.amount_to_chase,
        owed.issued_date,
        owed.due_date,
        owed.days_overdue,
        coalesce(buckets.bucket, 'current') as bucket,
        {{ money('coalesce(on_account.unapplied_amount, 0)') }} as customer_unapplied_amount
    from owed
    left join customers on owed.customer_key = customers.customer_key
    left join contacts on owed.customer_key = contacts.customer_key
    left join on_account
        on
            owed.customer_key = on_account.customer_key
            and owed.currency = on_account.currency
    left join buckets
        on
            owed.connection = buckets.connection
            and owed.days_overdue between buckets.lower_days and buckets.upper_days
    where not coalesce(customers.is_deleted, false)
)

select * from final
