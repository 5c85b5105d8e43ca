with

payments as (select * from {{ ref('int_planned_payments') }}),

deposits as (select * from {{ ref('int_planned_deposits') }}),

-- Unapplying posts nothing, so no policy moves or holds it: whether it may be done in a closed period is the ERP's to say.
reversals as (
    select reversals.*, erp_payments.payment_date
    from {{ ref('int_reversals') }} as reversals
    inner join {{ ref('stg_tieout__connections') }} as connections on reversals.erp_connection = connections.connection
    inner join {{ ref('int_open_payments') }} as erp_payments on reversals.erp_payment_key = erp_payments.payment_key
    inner join {{ ref('erp_periods') }} as periods
        on
            reversals.erp_connection = periods.connection
            and erp_payments.payment_date between periods.start_date and periods.end_date
            and periods.is_closed
    where connections.writeback_reversal <> 'off'
),

updates as (select * from {{ ref('int_record_updates') }}),

waiting_updates as (
    select updates.*
    from updates
    left join {{ ref('stg_tieout__intents') }} as intents on updates.intent_key = intents.intent_key
    where updates.obstacle is null and updates.mode <> 'off' and coalesce(intents.state, 'planned') <> 'posted'
),

found as (
    select
        connection, 'payment' as kind, payment_key as subject_key, 'closed_period' as reason, amount, currency, true as is_blocking,
        'the period of ' || cast(charge_date as varchar) || ' is closed. Remedy: open it, or set closed_period = "next_open"' as detail
    from payments
    where mode <> 'off' and is_held_by_period
    union all
    select
        connection, 'payment' as kind, payment_key as subject_key, 'mixed_subsidiaries' as reason, amount, currency, true as is_blocking,
        'its invoices belong to several subsidiaries, and a payment to one. Remedy: book it by hand' as detail
    from payments
    where mode <> 'off' and has_mixed_subsidiaries
    union all
    select
        connection, 'payment' as kind, payment_key as subject_key, 'bank_account_missing' as reason, amount, currency, true as is_blocking,
        'Remedy: name the ' || currency || ' account in bank_accounts' as detail
    from payments
    where mode <> 'off' and is_without_account
    union all
    select
        connection, 'payment' as kind, payment_key as subject_key, 'unmapped_payment_method' as reason, amount, currency,
        false as is_blocking,
        'booked without a method. Remedy: map ' || coalesce(psp_method, 'none') || ' in payment_methods' as detail
    from payments
    where mode <> 'off' and erp_method is null
    union all
    select
        connection, 'deposit' as kind, payout_key as subject_key, obstacle as reason, payout_amount as amount, currency,
        true as is_blocking,
        case obstacle
            when 'waiting_for_payments' then 'it is planned once every payment in it is booked'
            when 'payment_already_deposited' then 'a payment in it is in the bank already. Remedy: deposit the rest by hand'
            when 'payment_in_two_charges' then 'one ERP payment stands for two charges. Remedy: book them apart'
            when 'mixed_subsidiaries' then 'its payments belong to several subsidiaries. Remedy: deposit it by hand'
            when 'unmapped_category' then 'it holds lines that no account is set for. Remedy: deposit it by hand'
            when 'bank_account_missing' then 'Remedy: name the ' || currency || ' account in bank_accounts'
            when 'does_not_tie'
                then 'its lines sum to ' || cast(total_amount as varchar) || ', which is ' || cast(total_amount - payout_amount as varchar)
                    || ' off the payout. Nothing is written until they tie'
            when 'no_payments' then 'no booked payment is in it. Remedy: deposit it by hand'
            when 'closed_period'
                then 'the period of ' || cast(arrival_date as varchar) || ' is closed. Remedy: open it, or set closed_period = "next_open"'
            else 'Remedy: set ' || replace(obstacle, '_missing', '')
        end as detail
    from deposits
    where mode <> 'off' and obstacle is not null
    union all
    select
        erp_connection, 'reversal' as kind, psp_payment_key as subject_key, 'closed_period' as reason, applied_amount as amount, currency,
        false as is_blocking,
        'the period of ' || cast(payment_date as varchar) || ' is closed; the ERP may refuse to unapply payment ' || erp_payment_id
        || ' in it. Remedy: open it, or enter a journal on receivables that cites ' || cause_id as detail
    from reversals
    union all
    select
        connection, 'record_update' as kind, record_key as subject_key, obstacle as reason, 0 as amount, 'XXX' as currency,
        true as is_blocking,
        case obstacle
            when 'unknown_connection'
                then rules || ' names ' || coalesce(connection, 'no connection') || '. Remedy: select a connection to an ERP'
            when 'wrong_level'
                then rules || ' may not change a ' || coalesce(record_type, 'null') || '. Remedy: correct it, or its level in vars.rules'
            when 'unknown_record' then rules || ' names a ' || record_type || ' that these books do not have. Remedy: correct the rule'
            when 'deleted_record' then 'the ' || record_type || ' is deleted in the ERP. Remedy: let ' || rules || ' leave it out'
            when 'no_value'
                then rules || ' has no value for ' || coalesce(field, 'null') || '. Remedy: select one; an empty text empties the field'
            when 'field_not_allowed'
                then rules || ' may not write ' || coalesce(field, 'null') || '. Remedy: name it in update_fields.' || record_type
                    || ', or correct the rule'
            when 'closed_period'
                then 'nothing of the ' || record_type || ' can be changed: its period is closed. Remedy: open it, or let ' || rules
                    || ' leave it out'
            else rules || ' wants ' || field || ' to be ' || value || ', and another value is wanted too. Remedy: select one of them'
        end as detail
    from updates
    where obstacle is not null and (mode <> 'off' or obstacle = 'unknown_connection')
    union all
    select
        connection, 'record_update' as kind, record_key as subject_key, 'closed_period' as reason, 0 as amount, 'XXX' as currency,
        false as is_blocking,
        'its period is closed; the ERP may refuse to change ' || field || '. Remedy: open it, or let ' || rules || ' leave it out'
            as detail
    from waiting_updates
    where is_in_closed_period
    union all
    select
        connection, 'record_update' as kind, record_key as subject_key, 'sent_before' as reason, 0 as amount, 'XXX' as currency,
        false as is_blocking,
        field || ' was set to ' || value || ' before, and to something else since; it is not sent twice. Remedy: set it by hand' as detail
    from updates
    where obstacle is null and mode <> 'off' and is_overtaken
),

final as (
    select
        kind || '|' || reason || '|' || subject_key as exception_key,
        min(connection) as connection,
        kind,
        subject_key,
        reason,
        {{ money('sum(amount)') }} as amount,
        currency,
        is_blocking,
        {{ dbt.listagg('distinct detail', "'; '", 'order by detail') }} as detail
    from found
    group by kind, reason, subject_key, currency, is_blocking
)

select * from final
