-- Double entry of what the ERP's records say, each leg at its own rate; exchange differences are closed in ar_entries.
with

documents as (
    select * from {{ ref('int_open_documents') }}
    where not is_deleted and is_posting
),

lines as (select * from {{ ref('erp_document_lines') }}),

accounts as (select * from {{ ref('erp_accounts') }}),

payments as (
    select * from {{ ref('int_open_payments') }}
    where not is_deleted
),

refunds as (
    select * from {{ ref('int_erp_refunds') }}
    where not is_deleted
),

deposits as (
    select * from {{ ref('int_erp_deposits') }}
    where not is_deleted
),

applications as (select * from {{ ref('int_erp_applications') }}),

-- A line may name a vendor, or a customer who is not in the books: the posting is in the ledger, and is nobody's. An intercompany journal
-- balances within each of its subsidiaries.
gl_lines as (
    select
        lines.*,
        case when left_out.customer_key is null and (customers.customer_key is not null or lines.ledger_account = 'receivable')
                then lines.customer_key
        end as owner_key
    from ({{ in_scope(ref('erp_gl_lines'), none) }}) as lines
    left join {{ ref('erp_customers') }} as customers on lines.customer_key = customers.customer_key
    left join {{ ref('int_customer_scope') }} as left_out on lines.customer_key = left_out.customer_key
),

rates as (select * from {{ ref('int_base_rates') }}),

bills as (
    select * from documents
    where document_type in ('invoice', 'credit_note')
),

journal_rates as (
    select system || ':' || connection || ':' || transaction_id as transaction_key, min(document_key) as rate_key
    from documents
    where document_type = 'journal'
    group by system || ':' || connection || ':' || transaction_id
),

-- Whose debt it is: one customer may pay, or give up a credit, for another (a parent for what its sub-customer owes).
owners as (
    select document_key as record_key, customer_key from documents
    union all
    select payment_key, customer_key from payments
),

legs as (
    select
        bills.document_key, bills.connection, bills.customer_key, bills.currency, bills.issued_date as entry_date,
        'receivable' as account, cast(null as {{ dbt.type_string() }}) as account_id, bills.document_amount as amount,
        bills.document_key as rate_key, bills.document_key as item_key, 'bill' as leg
    from bills
    union all
    select
        bills.document_key, bills.connection, bills.customer_key, bills.currency, bills.issued_date,
        case when lines.is_tax then 'tax' else coalesce(accounts.ledger_account, 'revenue') end, lines.account_id, -lines.line_amount,
        bills.document_key, lines.line_key, 'line'
    from bills
    inner join lines on bills.document_key = lines.document_key
    left join accounts on lines.connection = accounts.connection and lines.account_id = accounts.account_id
    union all
    select
        payments.payment_key, payments.connection, payments.customer_key, payments.currency, payments.payment_date,
        coalesce(accounts.ledger_account, 'undeposited'), payments.account_id, payments.payment_amount,
        payments.payment_key, payments.payment_key, 'received'
    from payments
    left join accounts on payments.connection = accounts.connection and payments.account_id = accounts.account_id
    union all
    select
        payments.payment_key, payments.connection, coalesce(owners.customer_key, payments.customer_key), payments.currency,
        applications.applied_date, 'receivable', null, -applications.applied_amount,
        applications.document_key, applications.document_key, 'applied'
    from payments
    inner join applications on payments.payment_key = applications.payment_key
    left join owners on applications.document_key = owners.record_key
    where applications.document_type <> 'refund'
    union all
    select
        payments.payment_key, payments.connection, payments.customer_key, payments.currency, payments.payment_date,
        'unapplied_cash', null, payments.applied_amount - payments.payment_amount,
        payments.payment_key, payments.payment_key, 'on_account'
    from payments
    where payments.applied_amount <> payments.payment_amount
    union all
    select
        refunds.refund_key, refunds.connection, refunds.customer_key, refunds.currency, refunds.refund_date,
        coalesce(accounts.ledger_account, 'bank'), refunds.account_id, -refunds.refund_amount,
        refunds.refund_key, refunds.refund_key, 'refunded'
    from refunds
    left join accounts on refunds.connection = accounts.connection and refunds.account_id = accounts.account_id
    union all
    select
        refunds.refund_key, refunds.connection, coalesce(owners.customer_key, refunds.customer_key), refunds.currency, refunds.refund_date,
        case applications.payment_type when 'payment' then 'unapplied_cash' else 'receivable' end, null, applications.applied_amount,
        applications.payment_key, applications.payment_key, 'returned'
    from refunds
    inner join applications on refunds.refund_key = applications.document_key
    left join owners on applications.payment_key = owners.record_key
    union all
    -- A refund of something sold, rather than of a payment or a credit, has lines of its own.
    select
        refunds.refund_key, refunds.connection, refunds.customer_key, refunds.currency, refunds.refund_date,
        case when lines.is_tax then 'tax' else coalesce(accounts.ledger_account, 'revenue') end, lines.account_id, -lines.line_amount,
        refunds.refund_key, lines.line_key, 'line'
    from refunds
    inner join lines on refunds.refund_key = lines.document_key
    left join accounts on lines.connection = accounts.connection and lines.account_id = accounts.account_id
    union all
    -- A credit put on a payment is no longer owed back by the receivable, but is money on account.
    select
        payments.payment_key, payments.connection, owners.customer_key, payments.currency, applications.applied_date,
        'receivable', null, applications.applied_amount,
        applications.payment_key, applications.payment_key, 'credited'
    from payments
    inner join applications on payments.payment_key = applications.document_key
    inner join owners on applications.payment_key = owners.record_key
    union all
    select
        payments.payment_key, payments.connection, payments.customer_key, payments.currency, applications.applied_date,
        'unapplied_cash', null, -applications.applied_amount,
        payments.payment_key, applications.payment_key, 'credited'
    from payments
    inner join applications on payments.payment_key = applications.document_key
    union all
    -- A credit of one customer used for the debt of another moves from the one to the other.
    select
        documents.document_key, documents.connection, documents.customer_key, documents.currency, applications.applied_date,
        'receivable', null, applications.applied_amount,
        applications.payment_key, applications.document_key, 'given'
    from documents
    inner join applications on documents.document_key = applications.payment_key
    inner join owners on applications.document_key = owners.record_key
    where documents.customer_key <> owners.customer_key and applications.document_type <> 'payment'
    union all
    select
        documents.document_key, documents.connection, owners.customer_key, documents.currency, applications.applied_date,
        'receivable', null, -applications.applied_amount,
        applications.payment_key, applications.document_key, 'taken'
    from documents
    inner join applications on documents.document_key = applications.payment_key
    inner join owners on applications.document_key = owners.record_key
    where documents.customer_key <> owners.customer_key and applications.document_type <> 'payment'
    union all
    select
        gl_lines.transaction_key, gl_lines.connection, gl_lines.owner_key, gl_lines.currency, gl_lines.entry_date,
        gl_lines.ledger_account, gl_lines.account_id, gl_lines.line_amount,
        coalesce(deposits.deposit_key, journal_rates.rate_key), gl_lines.line_key, 'posting'
    from gl_lines
    left join deposits on gl_lines.transaction_key = deposits.deposit_key
    left join journal_rates on gl_lines.transaction_key = journal_rates.transaction_key
    where deposits.deposit_key is not null or journal_rates.rate_key is not null
),

rated as (
    select
        legs.*,
        {{ convert('legs.amount', 'rates.base_rate', 'rates.base_exponent') }} as base_amount
    from legs
    left join rates on legs.rate_key = rates.record_key
),

-- A credit settled against an invoice of another rate: no money moves, the base value does.
revalued as (
    select
        documents.document_key, documents.connection, documents.customer_key, documents.currency, applications.applied_date as entry_date,
        'receivable' as account, cast(null as {{ dbt.type_string() }}) as account_id, {{ money('0') }} as amount,
        documents.document_key as rate_key, applications.document_key as item_key, 'revalued' as leg,
        {{ money(convert('applications.applied_amount', 'own_rates.base_rate', 'own_rates.base_exponent')
            ~ ' - ' ~ convert('applications.applied_amount', 'their_rates.base_rate', 'their_rates.base_exponent')) }} as base_amount
    from documents
    inner join applications on documents.document_key = applications.payment_key
    inner join rates as own_rates on applications.payment_key = own_rates.record_key
    inner join rates as their_rates on applications.document_key = their_rates.record_key
    where applications.document_type not in ('refund', 'payment') and own_rates.base_rate <> their_rates.base_rate
),

unioned as (
    select * from rated
    union all
    select * from revalued
)

select * from unioned
