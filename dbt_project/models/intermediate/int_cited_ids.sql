-- Ids of payments that live ERP payments carry, in their memo or external id.
-- Where the settings name a field for it, a charge that no memo and no external id names is looked for there.
with

payments as (
    select *, coalesce(memo, '') || ' ' || coalesce(external_id, '') as reference_text
    from {{ ref('int_open_payments') }}
    where not is_deleted
),

found as (
    {{ x_find_all('payments', 'reference_text', payment_id_pattern(), ['payment_key'], 'charge_id') }}
),

fields as (
    select payments.payment_key, {{ x_json_lookup('payments.custom_fields', 'connections.charge_reference_field') }} as reference_text
    from payments
    inner join {{ ref('stg_tieout__connections') }} as connections on payments.connection = connections.connection
    where connections.charge_reference_field is not null
),

found_in_fields as (
    {{ x_find_all('fields', 'reference_text', payment_id_pattern(), ['payment_key'], 'charge_id') }}
),

cited as (
    select payment_key, charge_id from found
    union
    select payment_key, charge_id from found_in_fields
    where
        charge_id not in (select charge_id from found)
        and payment_key not in (select payment_key from found)
)

select * from cited
