with

connections as (select * from {{ ref('stg_tieout__connections') }}),

contacts as (select * from {{ ref('erp_contacts') }}),

customers as (select * from {{ ref('ar_customers') }}),

-- Where customers are not asked for, their contacts still are.
left_out as (select * from {{ ref('int_customer_scope') }}),

documents as (select * from {{ ref('int_erp_documents') }}),

records as (
    select
        contacts.contact_key,
        contacts.system,
        contacts.connection,
        contacts.contact_id,
        contacts.customer_key,
        contacts.contact_name,
        contacts.first_name,
        contacts.last_name,
        contacts.job_title,
        contacts.email,
        contacts.phone,
        contacts.alternate_phone,
        contacts.mobile_phone,
        case
            when contacts.phone is null then null
            when contacts.phone = contacts.mobile_phone then 'mobile'
            else 'primary'
        end as phone_type,
        'record' as origin,
        cast(null as {{ dbt.type_string() }}) as origin_field,
        cast(null as {{ dbt.type_string() }}) as document_key,
        contacts.is_inactive or contacts.is_deleted as is_inactive
    from contacts
    inner join connections on contacts.connection = connections.connection
    left join left_out on contacts.customer_key = left_out.customer_key
    left join customers on contacts.customer_key = customers.customer_key
    where left_out.customer_key is null and (customers.customer_key is not null or not connections.has_customers)
),

-- E-mail addresses in fields that the settings name (customer_fields, transaction_fields) are people too.
customer_fields as (
    {{ x_json_values(
        "(select connection, " ~ x_json_text('settings', 'customer_fields') ~ " as names from connections) as settings_of_customers",
        'names', ['connection'], 'field_name',
    ) }}
),

document_fields as (
    {{ x_json_values(
        "(select connection, " ~ x_json_text('settings', 'transaction_fields') ~ " as names from connections) as settings_of_documents",
        'names', ['connection'], 'field_name',
    ) }}
),

field_values as (
    select
        customers.system,
        customers.connection,
        customers.customer_key,
        customers.customer_id,
        'customer' as place,
        customer_fields.field_name,
        cast(null as {{ dbt.type_string() }}) as document_key,
        lower(trim({{ x_json_lookup('customers.custom_fields', 'customer_fields.field_name') }})) as email
    from customers
    inner join customer_fields on customers.connection = customer_fields.connection
    union all
    select
        documents.system,
        documents.connection,
        documents.customer_key,
        documents.customer_id,
        'invoice' as place,
        document_fields.field_name,
        documents.document_key,
        lower(trim({{ x_json_lookup('documents.custom_fields', 'document_fields.field_name') }})) as email
    from documents
    inner join document_fields on documents.connection = document_fields.connection
    inner join customers on documents.customer_key = customers.customer_key
    where documents.document_type = 'invoice' and not documents.is_deleted
),

from_fields as (
    select
        connection || ':' || system || '_person_' || customer_id || '_' || place || '_' || field_name || '_' || email as contact_key,
        system,
        connection,
        cast(null as {{ dbt.type_string() }}) as contact_id,
        customer_key,
        email as contact_name,
        cast(null as {{ dbt.type_string() }}) as first_name,
        cast(null as {{ dbt.type_string() }}) as last_name,
        cast(null as {{ dbt.type_string() }}) as job_title,
        email,
        cast(null as {{ dbt.type_string() }}) as phone,
        cast(null as {{ dbt.type_string() }}) as alternate_phone,
        cast(null as {{ dbt.type_string() }}) as mobile_phone,
        cast(null as {{ dbt.type_string() }}) as phone_type,
        place as origin,
        field_name as origin_field,
        min(document_key) as document_key,
        false as is_inactive
    from field_values
    where email like '%_@_%.__%'
    group by system, connection, customer_key, customer_id, place, field_name, email
),

-- What people added by hand is no ERP's, and no sync touches it.
by_hand as (
    select
        manual_contacts.contact_key,
        customers.system,
        manual_contacts.connection,
        manual_contacts.contact_id,
        customers.customer_key,
        coalesce(manual_contacts.contact_name, manual_contacts.email, manual_contacts.phone) as contact_name,
        cast(null as {{ dbt.type_string() }}) as first_name,
        cast(null as {{ dbt.type_string() }}) as last_name,
        cast(null as {{ dbt.type_string() }}) as job_title,
        manual_contacts.email,
        manual_contacts.phone,
        cast(null as {{ dbt.type_string() }}) as alternate_phone,
        cast(null as {{ dbt.type_string() }}) as mobile_phone,
        manual_contacts.phone_type,
        'manual' as origin,
        cast(null as {{ dbt.type_string() }}) as origin_field,
        cast(null as {{ dbt.type_string() }}) as document_key,
        false as is_inactive
    from {{ ref('stg_tieout__manual_contacts') }} as manual_contacts
    inner join customers
        on
            manual_contacts.connection = customers.connection
            and manual_contacts.customer_id = customers.customer_id
),

final as (
    select * from records
    union all
    select * from by_hand
    union all
    select * from from_fields
)

select * from final
