{%- set days = 90 -%}
with

open_items as (
    select as_of_date, connection, currency, sum(open_amount) as open_amount
    from {{ ref('ar_aging_asof') }}
    where item_type = 'document'
    group by as_of_date, connection, currency
),

documents as (
    select * from {{ ref('ar_documents') }}
    where not is_deleted
),

sales as (
    select
        dates.as_of_date,
        documents.connection,
        documents.currency,
        sum(documents.document_amount) as sales_amount
    from {{ ref('int_aging_dates') }} as dates
    inner join documents
        on
            dates.as_of_date >= documents.issued_date
            and documents.issued_date > {{ dbt.dateadd('day', -days, 'dates.as_of_date') }}
    where documents.document_type in ('invoice', 'credit_note')
    group by dates.as_of_date, documents.connection, documents.currency
),

final as (
    select
        cast(sales.as_of_date as {{ dbt.type_string() }}) || '|' || sales.connection || '|' || sales.currency as dso_key,
        sales.as_of_date,
        sales.connection,
        sales.currency,
        {{ money('coalesce(open_items.open_amount, 0)') }} as open_amount,
        {{ money('sales.sales_amount') }} as sales_amount,
        {{ x_ratio('cast(coalesce(open_items.open_amount, 0) as decimal(38, 4)) * ' ~ days, 'sales.sales_amount') }} as dso_days
    from sales
    left join open_items
        on
            sales.as_of_date = open_items.as_of_date
            and sales.connection = open_items.connection
            and sales.currency = open_items.currency
)

select * from final
