-- What an unbooked payment without exact evidence could be for: one open invoice of exactly that amount, else two or three that sum
-- to it. Larger sets are not sought, nor any set where a payer has more than 40 open invoices in the currency: something always fits.
{%- set most_open = 40 %}
with

postings as (
    select * from {{ ref('int_payment_postings') }}
    where is_to_book and not is_exact and state = 'succeeded'
),

documents as (
    select *
    from {{ ref('int_open_documents') }}
    where open_amount > 0 and document_type = 'invoice' and not is_pending_approval
),

-- A number that two invoices bear: both are candidates.
by_number as (
    select
        evidence.payment_key,
        evidence.document_key as set_key,
        'invoice_number' as method
    from {{ ref('int_payment_evidence') }} as evidence
    inner join postings on evidence.payment_key = postings.payment_key
),

-- A payment in the books that may be this very money.
by_booking as (
    select
        bookings.line_key as payment_key,
        bookings.erp_payment_key as set_key,
        'may_be_booked' as method
    from {{ ref('int_bank_bookings') }} as bookings
    inner join postings on bookings.line_key = postings.payment_key
    where not bookings.is_match
),

open_of_customer as (
    select
        postings.payment_key,
        postings.payment_amount,
        documents.document_key,
        documents.document_id,
        documents.open_amount,
        count(*) over (partition by postings.payment_key) as open_count
    from postings
    inner join documents
        on
            postings.erp_customer_key = documents.customer_key
            and postings.currency = documents.currency
    where postings.payment_key not in (select payment_key from by_number)
),

single as (
    select payment_key, document_key as set_key, 'exact_amount' as method
    from open_of_customer
    where open_amount = payment_amount
),

small as (
    select *
    from open_of_customer
    where
        open_count <= {{ most_open }}
        and open_amount < payment_amount
        and payment_key not in (select payment_key from single)
),

pairs as (
    select
        one.payment_key,
        one.payment_amount,
        one.document_key || ' + ' || two.document_key as set_key,
        one.open_amount + two.open_amount as set_amount,
        two.document_key as last_key
    from small as one
    inner join small as two
        on
            one.payment_key = two.payment_key
            and one.document_key < two.document_key
    where one.open_amount + two.open_amount <= one.payment_amount
),

triples as (
    select
        pairs.payment_key,
        pairs.set_key || ' + ' || three.document_key as set_key
    from pairs
    inner join small as three
        on
            pairs.payment_key = three.payment_key
            and pairs.last_key < three.document_key
            and pairs.set_amount + three.open_amount = pairs.payment_amount
),

candidates as (
    select payment_key, set_key, method from by_number
    union all
    select payment_key, set_key, method from by_booking
    union all
    select payment_key, set_key, method from single
    union all
    select payment_key, set_key, 'sum_of_two' as method from pairs
    where set_amount = payment_amount
    union all
    select payment_key, set_key, 'sum_of_three' as method from triples
)

select * from candidates
