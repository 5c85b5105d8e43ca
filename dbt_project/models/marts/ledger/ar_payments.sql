with

erp_payments as (select * from {{ ref('int_open_payments') }}),

rates as (select * from {{ ref('int_base_rates') }}),

psp_payments as (select * from {{ ref('int_psp_payments') }}),

postings as (select * from {{ ref('int_payment_postings') }}),

links as (select * from {{ ref('int_psp_links') }}),

connections as (select connection, system, environment from {{ ref('stg_tieout__connections') }}),

deposit_items as (select * from {{ ref('erp_deposit_items') }}),

deposited as (
    select payment_key, min(deposit_key) as deposit_key
    from deposit_items
    group by payment_key
),

refunds as (
    select payment_key, {{ dbt.listagg('refund_id', "', '", 'order by refund_id') }} as refund_ids
    from {{ ref('psp_refunds') }}
    where status = 'succeeded'
    group by payment_key
),

citations as (select * from {{ ref('int_payment_citations') }}),

put_back as (
    select distinct erp_payment_key from {{ ref('int_lost_payments') }}
    where reopened_amount > 0
),

-- A payment of several customers' invoices is booked once for each of them.
booked as (
    select
        citations.psp_payment_key,
        min(citations.erp_payment_key) as erp_payment_key,
        {{ dbt.listagg('citations.erp_payment_id', "','", 'order by ' ~ id_order('citations.erp_payment_id')) }} as erp_ids,
        sum(erp_payments.unapplied_amount) > 0 or count(put_back.erp_payment_key) > 0 as is_unapplied
    from citations
    inner join erp_payments on citations.erp_payment_key = erp_payments.payment_key
    left join put_back on citations.erp_payment_key = put_back.erp_payment_key
    where citations.citation_rank = 1 and citations.psp_payment_key is not null
    group by citations.psp_payment_key
),

paid_for as (
    select erp_payment_key, min(psp_payment_key) as psp_payment_key
    from citations
    group by erp_payment_key
),

intents as (
    {{ sync_states('payment') }}
),

from_erps as (
    select
        erp_payments.payment_key,
        erp_payments.system,
        erp_payments.connection,
        erp_payments.payment_id,
        erp_payments.payment_type,
        erp_payments.payment_number,
        erp_payments.customer_key,
        erp_payments.currency,
        erp_payments.payment_amount,
        erp_payments.unapplied_amount,
        rates.base_currency,
        {{ convert('erp_payments.payment_amount', 'rates.base_rate', 'rates.base_exponent') }} as base_amount,
        erp_payments.payment_date,
        case
            when erp_payments.is_deleted then 'deleted'
            when erp_payments.unapplied_amount = 0 then 'applied'
            when erp_payments.applied_amount > 0 then 'partly_applied'
            else 'unapplied'
        end as status,
        erp_payments.payment_method,
        erp_payments.memo,
        erp_payments.external_id,
        erp_payments.account_id,
        deposited.deposit_key,
        paid_for.psp_payment_key as linked_payment_key,
        erp_payments.unapplied_amount > 0 or put_back.erp_payment_key is not null as is_unapplied,
        cast(null as {{ dbt.type_string() }}) as refund_ids,
        erp_payments.system as erp_system,
        erp_payments.connection as erp_connection,
        erp_payments.payment_id as erp_id,
        erp_payments.payment_id as erp_ids,
        cast(null as {{ dbt.type_string() }}) as sync_status,
        cast(null as integer) as sync_attempts,
        cast(null as {{ dbt.type_string() }}) as sync_error,
        erp_payments.custom_fields,
        erp_payments.is_deleted,
        erp_payments.created_at,
        erp_payments.first_seen_at
    from erp_payments
    left join rates on erp_payments.payment_key = rates.record_key
    left join deposited on erp_payments.payment_key = deposited.payment_key
    left join paid_for on erp_payments.payment_key = paid_for.erp_payment_key
    left join put_back on erp_payments.payment_key = put_back.erp_payment_key
),

from_psps as (
    select
        psp_payments.payment_key,
        psp_payments.system,
        psp_payments.connection,
        psp_payments.charge_id as payment_id,
        case when psp_payments.is_bank then 'transfer' else 'charge' end as payment_type,
        coalesce(case when psp_payments.is_bank then psp_payments.statement_descriptor end, psp_payments.charge_id) as payment_number,
        psp_payments.exact_customer_key as customer_key,
        psp_payments.currency,
        psp_payments.payment_amount,
        {{ money('0') }} as unapplied_amount,
        cast(null as {{ dbt.type_string() }}) as base_currency,
        cast(null as decimal(18, 4)) as base_amount,
        psp_payments.payment_date,
        psp_payments.state as status,
        psp_payments.payment_method,
        psp_payments.description as memo,
        cast(null as {{ dbt.type_string() }}) as external_id,
        cast(null as {{ dbt.type_string() }}) as account_id,
        cast(null as {{ dbt.type_string() }}) as deposit_key,
        booked.erp_payment_key as linked_payment_key,
        coalesce(booked.is_unapplied, false) as is_unapplied,
        refunds.refund_ids,
        links.erp_system,
        links.erp_connection,
        coalesce(first_booked.payment_id, intents.erp_id) as erp_id,
        coalesce(booked.erp_ids, intents.erp_ids) as erp_ids,
        case
            when psp_payments.state in ('pending', 'failed') then null
            when booked.psp_payment_key is not null and not postings.is_partly_booked then 'booked'
            when booked.psp_payment_key is null or intents.state not in ('posted', 'void')
                then coalesce(intents.state, case when postings.is_to_book then 'unbooked' end)
            when postings.is_to_book then 'unbooked' -- of a shared payment, what was written is booked, and the rest not written
        end as sync_status,
        intents.attempts as sync_attempts,
        intents.last_error as sync_error,
        cast(null as {{ dbt.type_string() }}) as custom_fields,
        false as is_deleted,
        psp_payments.created_at,
        psp_payments.first_seen_at
    from psp_payments
    left join postings on psp_payments.payment_key = postings.payment_key
    left join booked on psp_payments.payment_key = booked.psp_payment_key
    left join erp_payments as first_booked on booked.erp_payment_key = first_booked.payment_key
    left join refunds on psp_payments.payment_key = refunds.payment_key
    left join links on psp_payments.connection = links.psp_connection
    left join intents on psp_payments.payment_key = intents.subject_key
),

unioned as (
    select * from from_erps
    union all
    select * from from_psps
),

final as (
    select
        unioned.*,
        {{ record_url('connections.system', 'connections.environment', "'payment'", 'unioned.erp_id') }} as source_url
    from unioned
    left join connections on unioned.erp_connection = connections.connection
)

select * from final
