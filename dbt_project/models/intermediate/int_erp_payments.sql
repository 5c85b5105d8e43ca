with

payments as (select * from {{ ref('erp_payments') }}),

scoped as (
    {{ in_scope('payments') }}
)

select * from scoped
