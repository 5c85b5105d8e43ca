-- Documents that a payment of a provider or bank names itself: by our metadata, else by invoice numbers in its words.
with

payments as (
    select
        *,
        coalesce(description, '') || ' ' || coalesce(statement_descriptor, '') as reference_text,
        erp_system || ':' || erp_connection || ':' as erp_prefix
    from {{ ref('int_psp_payments') }}
    where erp_connection is not null
),

documents as (
    select *
    from {{ ref('int_open_documents') }}
    where document_type = 'invoice' and not is_deleted
),

named_ids as (
    {{ x_find_all(
        'payments', 'erp_document_ids', '([A-Za-z0-9.-]+)',
        ['payment_key', 'erp_prefix', 'currency', 'exact_customer_key'], 'document_id',
    ) }}
),

by_metadata as (
    select distinct
        named_ids.payment_key,
        documents.document_key,
        documents.customer_key,
        documents.open_amount,
        1 as number_matches
    from named_ids
    inner join documents
        on
            named_ids.erp_prefix || named_ids.document_id = documents.document_key
            and named_ids.currency = documents.currency
    where named_ids.exact_customer_key is not null
),

named as (select distinct payment_key from by_metadata),

without_metadata as (
    select payments.*
    from payments
    left join named on payments.payment_key = named.payment_key
    where named.payment_key is null
),

numbers as (
    {{ reference_numbers('without_metadata', 'reference_text', ['payment_key']) }}
),

by_number as (
    select
        numbers.payment_key,
        documents.document_key,
        documents.customer_key,
        documents.open_amount,
        count(*) over (partition by numbers.payment_key, numbers.number) as number_matches
    from numbers
    inner join without_metadata on numbers.payment_key = without_metadata.payment_key
    inner join documents
        on
            without_metadata.erp_connection = documents.connection
            and numbers.number = upper(documents.document_number)
            and without_metadata.currency = documents.currency
            and (without_metadata.erp_customer_key is null or without_metadata.erp_customer_key = documents.customer_key)
),

evidence as (
    select payment_key, document_key, customer_key, open_amount, number_matches, 'metadata' as method from by_metadata
    union all
    select payment_key, document_key, customer_key, open_amount, number_matches, 'invoice_number' as method from by_number
),

-- A number that fits two invoices makes the whole reference a question, not an answer.
judged as (
    select
        evidence.payment_key,
        evidence.document_key,
        evidence.customer_key,
        evidence.method,
        evidence.open_amount,
        max(evidence.number_matches) over (partition by evidence.payment_key) = 1 as is_exact
    from evidence
)

select * from judged
