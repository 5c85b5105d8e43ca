-- Journal lines on receivables that cite a charge or dispute: they put back (or, as a credit, take back again) what was lost by it.
with

journals as (
    select
        document_key,
        connection,
        customer_key,
        document_amount,
        open_amount,
        coalesce(memo, '') || ' ' || coalesce(external_id, '') as reference_text
    from {{ ref('int_open_documents') }}
    where document_type = 'journal' and not is_deleted
),

found as (
    {{ x_find_all(
        'journals', 'reference_text', id_pattern(['ch', 'py', 'dp', 'du']),
        ['document_key', 'connection', 'customer_key', 'document_amount', 'open_amount', 'reference_text'], 'cause_id',
    ) }}
),

cited as (select distinct * from found)

select * from cited
