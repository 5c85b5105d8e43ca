with

documents as (select * from {{ ref('erp_documents') }}),

scoped as (
    {{ in_scope('documents') }}
)

select * from scoped
