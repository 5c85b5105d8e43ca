with

refunds as (select * from {{ ref('erp_refunds') }}),

scoped as (
    {{ in_scope('refunds') }}
)

select * from scoped
