-- Money the PSP has and the ERP has not, spread over the invoices it names: oldest due first, never more than is open.
with

postings as (
    select * from {{ ref('int_payment_postings') }}
    where is_to_book and is_exact
),

evidence as (select * from {{ ref('int_payment_evidence') }}),

documents as (
    select * from {{ ref('int_open_documents') }}
    where open_amount > 0 and not is_pending_approval
),

booked_customers as (
    select distinct psp_payment_key, customer_key
    from {{ ref('int_payment_citations') }}
    where slot <> ''
),

claims as (
    select
        postings.payment_key,
        postings.state,
        postings.created_at,
        postings.unbooked_amount,
        documents.document_key,
        documents.document_id,
        documents.customer_key,
        documents.due_date,
        documents.open_amount,
        case when postings.unbooked_amount < documents.open_amount then postings.unbooked_amount else documents.open_amount end
            as claimed_amount
    from postings
    inner join evidence on postings.payment_key = evidence.payment_key
    inner join documents on evidence.document_key = documents.document_key
    left join booked_customers
        on
            postings.payment_key = booked_customers.psp_payment_key
            and documents.customer_key = booked_customers.customer_key
    where booked_customers.customer_key is null
),

-- What earlier payments may take of the same invoice is left to them, also where they take less in the end.
reserved as (
    select
        claims.*,
        coalesce(sum(claims.claimed_amount) over (
            partition by claims.document_key
            order by claims.created_at, claims.payment_key
            rows between unbounded preceding and 1 preceding
        ), 0) as claimed_before
    from claims
),

available as (
    select
        reserved.*,
        {{ money('case
            when reserved.open_amount > reserved.claimed_before then reserved.open_amount - reserved.claimed_before
            else 0
        end') }} as available_amount
    from reserved
),

running as (
    select
        available.*,
        coalesce(sum(available.available_amount) over (
            partition by available.payment_key
            order by available.due_date nulls last, {{ id_order('available.document_id') }}
            rows between unbounded preceding and 1 preceding
        ), 0) as filled_before
    from available
),

allocated as (
    select
        payment_key,
        state,
        document_key,
        document_id,
        customer_key,
        due_date,
        {{ money('case
            when unbooked_amount <= filled_before then 0
            when unbooked_amount - filled_before < available_amount then unbooked_amount - filled_before
            else available_amount
        end') }} as allocated_amount
    from running
)

select * from allocated
where allocated_amount > 0
