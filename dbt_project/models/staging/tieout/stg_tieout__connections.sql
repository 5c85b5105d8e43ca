with

connections as (select * from {{ latest(source('raw_tieout', 'connection'), 'connection') }}),

read as (
    select
        connection,
        system,
        coalesce(time_zone, 'UTC') as time_zone,
        upper(base_currency) as base_currency,
        cast({{ x_json_text('settings', 'activated_on') }} as date) as activated_on,
        coalesce({{ x_json_text('settings', 'rates') }}, 'ecb') as rates,
        coalesce({{ x_json_text('settings', 'environment') }}, 'production') as environment,
        coalesce({{ x_json_text('settings', 'primary_subsidiary_only') }}, 'false') = 'true' as primary_subsidiary_only,
        {{ x_json_text('settings', 'charge_reference_field') }} as charge_reference_field,
        {{ x_json_text('settings', 'holding_account') }} as holding_account,
        {{ x_json_text('settings', 'fee_account') }} as fee_account,
        {{ x_json_text('settings', 'fee_vendor') }} as fee_vendor,
        {{ x_json_text('settings', 'dispute_account') }} as dispute_account,
        {{ x_json_text('settings', 'refund_account') }} as refund_account,
        coalesce({{ x_json_text('settings', 'memo_template') }}, '{charge_id}') as memo_template,
        coalesce({{ x_json_text('settings', 'account_transaction_memo_template') }}, '{reference}') as account_transaction_memo_template,
        coalesce({{ x_json_text('settings', 'deposit_memo_template') }}, '{payout_id}') as deposit_memo_template,
        case
            when not coalesce(is_gone, false) then coalesce({{ x_json_text(x_json_text('settings', 'writeback'), 'payment') }}, 'off')
        end as writeback_payment,
        case
            when not coalesce(is_gone, false) then coalesce({{ x_json_text(x_json_text('settings', 'writeback'), 'deposit') }}, 'off')
        end as writeback_deposit,
        case
            when not coalesce(is_gone, false) then coalesce({{ x_json_text(x_json_text('settings', 'writeback'), 'reversal') }}, 'off')
        end as writeback_reversal,
        case
            when not coalesce(is_gone, false) then coalesce({{ x_json_text(x_json_text('settings', 'writeback'), 'record_update') }}, 'off')
        end as writeback_record_update,
        coalesce({{ x_json_text('settings', 'update_fields') }}, '{}') as update_fields,
        coalesce({{ x_json_text('settings', 'closed_period') }}, 'hold') as closed_period,
        coalesce({{ x_json_text('settings', 'payment_methods') }}, '{}') as payment_methods,
        coalesce({{ x_json_text('settings', 'bank_accounts') }}, '{}') as bank_accounts,
        coalesce({{ x_json_text('settings', 'aging_buckets') }}, '[30, 60, 90]') as aging_buckets,
        coalesce({{ x_json_text('settings', 'sync_customers') }}, 'true') = 'true' as has_customers,
        coalesce({{ x_json_text('settings', 'sync_contacts') }}, 'true') = 'true' as has_contacts,
        coalesce({{ x_json_text('settings', 'sync_invoices') }}, 'true') = 'true' as has_documents,
        coalesce({{ x_json_text('settings', 'sync_payments') }}, 'true') = 'true' as has_payments,
        settings,
        complete_through,
        last_synced_at,
        state,
        last_error,
        failed_at,
        {{ x_local_date('coalesce(complete_through, last_synced_at)', 'time_zone') }} as today,
        not coalesce(is_gone, false) as is_configured
    from connections
    where version_rank = 1
)

select * from read
