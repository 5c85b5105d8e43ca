with

documents as (select * from {{ ref('int_open_documents') }}),

payments as (select * from {{ ref('int_open_payments') }}),

ledger_documents as (select * from {{ ref('ar_documents') }}),

link_changes as (select * from {{ ref('erp_link_changes') }}),

connections as (select * from {{ ref('stg_tieout__connections') }}),

erp_connections as (
    select * from connections
    where system in ('{{ var("erps") | join("', '") }}')
),

-- The ERP's own figure stands on the record as it was when we read it. Where a link changed in a later load than
-- the record was read in, that figure is old and proves nothing; control balances cover such records.
compared as (
    select
        documents.connection,
        documents.document_key as record_key,
        documents.currency,
        documents.open_amount as ledger_amount,
        documents.source_open_amount as source_amount,
        documents.first_seen_at,
        documents.load_id,
        documents.transaction_id
    from documents
    where not documents.is_deleted and documents.source_open_amount is not null
    union all
    select
        payments.connection,
        payments.payment_key as record_key,
        payments.currency,
        -payments.unapplied_amount as ledger_amount,
        -payments.source_unapplied_amount as source_amount,
        payments.first_seen_at,
        payments.load_id,
        payments.payment_id as transaction_id
    from payments
    where not payments.is_deleted and payments.source_unapplied_amount is not null
),

differing as (
    select
        {{ break_row("'open_amount_differs'", 'compared.connection', 'compared.record_key', 'compared.record_key',
            'compared.ledger_amount', 'compared.source_amount', 'compared.currency', 'compared.first_seen_at',
            "'our documents and applications leave another amount open than the ERP says. Remedy: resync the customer'") }}
    from compared
    left join link_changes
        on
            compared.connection = link_changes.connection
            and compared.transaction_id = link_changes.transaction_id
    where
        compared.ledger_amount <> compared.source_amount
        and (link_changes.last_link_load_id is null or link_changes.last_link_load_id <= compared.load_id)
),

numbered as (
    select
        documents.*,
        row_number() over (
            partition by connection, document_number
            order by {{ id_order('document_id') }}
        ) as place,
        first_value(document_key) over (
            partition by connection, document_number
            order by {{ id_order('document_id') }}
        ) as first_key
    from documents
    where document_type = 'invoice' and not is_deleted and document_number is not null
),

duplicates as (
    select
        {{ break_row("'duplicate_document_number'", 'numbered.connection', 'numbered.document_key', 'numbered.first_key',
            'numbered.document_amount', 'null', 'numbered.currency', 'numbered.first_seen_at',
            "'two invoices bear number ' || numbered.document_number || '. Remedy: renumber one, or delete it'") }}
    from numbered
    where place > 1
),

unrated as (
    select
        {{ break_row("'missing_rate'", 'ledger_documents.connection', 'ledger_documents.document_key', 'null',
            'null', 'null', 'ledger_documents.currency', 'ledger_documents.first_seen_at',
            "'no rate from ' || ledger_documents.currency || ' to ' || ledger_documents.base_currency || ' on '
                || ledger_documents.issued_date || '. Remedy: enter one in the ERP, or set rates'") }}
    from ledger_documents
    inner join erp_connections on ledger_documents.connection = erp_connections.connection
    where
        ledger_documents.base_currency is not null
        and ledger_documents.base_rate is null
        and not ledger_documents.is_deleted
),

final as (
    select * from differing
    union all
    select * from duplicates
    union all
    select * from unrated
)

select * from final
