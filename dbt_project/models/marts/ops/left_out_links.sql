with

applications as (
    select * from {{ ref('int_erp_applications') }}
    where is_left_out
),

final as (
    select
        linked_by as record_key,
        connection,
        currency,
        count(*) as application_count,
        {{ money('sum(applied_amount)') }} as left_out_amount,
        min(applied_date) as first_date
    from applications
    group by linked_by, connection, currency
)

select * from final
