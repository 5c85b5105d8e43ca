with

applications as (
    select * from {{ ref('int_erp_applications') }}
    where not is_left_out
),

final as (
    select
        application_key,
        system,
        connection,
        payment_key,
        payment_type,
        document_key,
        document_type,
        currency,
        applied_amount,
        applied_date
    from applications
)

select * from final
