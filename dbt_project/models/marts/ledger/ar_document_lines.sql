with

lines as (select * from {{ ref('erp_document_lines') }}),

documents as (select * from {{ ref('int_erp_documents') }}),

accounts as (select * from {{ ref('erp_accounts') }}),

final as (
    select
        lines.line_key,
        lines.document_key,
        lines.connection,
        lines.line_number,
        lines.account_id,
        accounts.account_number,
        accounts.account_name,
        lines.item_id,
        lines.item_name,
        lines.quantity,
        documents.currency,
        lines.line_amount,
        lines.is_tax,
        lines.memo
    from lines
    inner join documents on lines.document_key = documents.document_key
    left join accounts
        on
            lines.connection = accounts.connection
            and lines.account_id = accounts.account_id
)

select * from final
