with

deposits as (select * from {{ ref('erp_deposits') }}),

scoped as (
    {{ in_scope('deposits', none) }}
)

select * from scoped
