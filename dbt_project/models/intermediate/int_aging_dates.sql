-- Month ends from the first document to the last complete day, and the dates asked for by var aging_dates.
with

documents as (
    select documents.issued_date as first_date, connections.today as last_date
    from {{ ref('int_open_documents') }} as documents
    inner join {{ ref('stg_tieout__connections') }} as connections on documents.connection = connections.connection
    where documents.issued_date is not null and not documents.is_deleted
    union all
    select reports.report_date, connections.today
    from {{ ref('report_reports') }} as reports
    inner join {{ ref('stg_tieout__connections') }} as connections on reports.connection = connections.connection
    where reports.status = 'applied' and reports.report_date is not null
),

month_ends as ({{ x_month_ends('documents', 'first_date', 'last_date') }}),

today as (select max(last_date) as last_date from documents),

bounded as (
    select month_ends.as_of_date
    from month_ends
    cross join today
    where month_ends.as_of_date <= today.last_date
    {%- for day in var('aging_dates') %}
    union
    select cast('{{ day }}' as date)
    {%- endfor %}
)

select * from bounded
