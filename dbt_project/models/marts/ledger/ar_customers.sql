with

customers as (select * from {{ ref('erp_customers') }}),

left_out as (select * from {{ ref('int_customer_scope') }}),

members as (select * from {{ ref('ar_customer_groups') }}),

report_documents as (select * from {{ ref('int_report_documents') }}),

from_erps as (
    select
        customers.customer_key,
        customers.system,
        customers.connection,
        customers.customer_id,
        customers.customer_number,
        customers.customer_name,
        members.parent_customer_key,
        members.group_key as ultimate_parent_customer_key,
        customers.email,
        customers.phone,
        customers.alternate_phone,
        customers.fax,
        customers.website,
        customers.currency,
        customers.terms,
        customers.credit_limit,
        customers.segment,
        customers.notes,
        customers.external_id,
        customers.is_inactive,
        customers.is_deleted,
        customers.custom_fields,
        customers.modified_at
    from customers
    left join left_out on customers.customer_key = left_out.customer_key
    left join members on customers.customer_key = members.customer_key
    where left_out.customer_key is null
),

newest_listings as (
    select
        *,
        row_number() over (partition by customer_key order by is_listed desc, first_report_date desc, document_key desc) as place
    from report_documents
    where customer_key is not null
),

from_reports as (
    select
        customer_key,
        system,
        connection,
        customer_id,
        customer_ref as customer_number,
        coalesce(customer_name, customer_ref) as customer_name,
        cast(null as {{ dbt.type_string() }}) as parent_customer_key,
        customer_key as ultimate_parent_customer_key,
        cast(null as {{ dbt.type_string() }}) as email,
        cast(null as {{ dbt.type_string() }}) as phone,
        cast(null as {{ dbt.type_string() }}) as alternate_phone,
        cast(null as {{ dbt.type_string() }}) as fax,
        cast(null as {{ dbt.type_string() }}) as website,
        currency,
        cast(null as {{ dbt.type_string() }}) as terms,
        cast(null as decimal(18, 4)) as credit_limit,
        cast(null as {{ dbt.type_string() }}) as segment,
        cast(null as {{ dbt.type_string() }}) as notes,
        cast(null as {{ dbt.type_string() }}) as external_id,
        false as is_inactive,
        false as is_deleted,
        cast(null as {{ dbt.type_string() }}) as custom_fields,
        cast(null as {{ dbt.type_timestamp() }}) as modified_at
    from newest_listings
    where place = 1
),

final as (
    select * from from_erps
    union all
    select * from from_reports
)

select * from final
