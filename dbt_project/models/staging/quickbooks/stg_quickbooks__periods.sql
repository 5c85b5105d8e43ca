-- QuickBooks closes its books up to a day: one closed period and one open one. Nothing is closed without that day.
with

preferences as (
    select * from {{ ref('stg_quickbooks__preferences') }}
    where book_close_date is not null
),

periods as (
    select
        connection,
        'closed' as period_id,
        'closed books' as period_name,
        cast('1900-01-01' as date) as start_date,
        book_close_date as end_date,
        true as is_closed,
        true as is_sealed
    from preferences
    union all
    select
        connection,
        'open' as period_id,
        'open books' as period_name,
        cast({{ dbt.dateadd('day', 1, 'book_close_date') }} as date) as start_date,
        cast('9999-12-31' as date) as end_date,
        false as is_closed,
        false as is_sealed
    from preferences
)

select * from periods
