-- Rate to the company's own currency for every ERP record. Setting `rates`: the ERP's name is the record's own (or the ERP's table on
-- that day), "ecb" the cross of that day's reference rates. `own_rate` is the record's own whatever the setting.
with

connections as (select * from {{ ref('stg_tieout__connections') }}),

rates as (select * from {{ ref('int_rates') }}),

reference_rates as (select * from {{ ref('int_reference_rates') }}),

units as (select * from {{ ref('currency_units') }}),

records as (
    select document_key as record_key, connection, currency, exchange_rate, issued_date as rate_date
    from {{ ref('int_erp_documents') }}
    union all
    select payment_key, connection, currency, exchange_rate, payment_date from {{ ref('int_erp_payments') }}
    union all
    select refund_key, connection, currency, exchange_rate, refund_date from {{ ref('int_erp_refunds') }}
    union all
    select deposit_key, connection, currency, exchange_rate, deposit_date from {{ ref('int_erp_deposits') }}
),

rated as (
    select
        records.record_key,
        connections.base_currency,
        cast(case
            when records.currency = connections.base_currency then 1
            when connections.rates = connections.system then coalesce(records.exchange_rate, rates.exchange_rate)
            else {{ x_ratio('base_reference.units_per_base', 'reference.units_per_base', 10, 20) }}
        end as decimal(20, 10)) as base_rate,
        cast(case
            when records.currency = connections.base_currency then 1
            else coalesce(records.exchange_rate, rates.exchange_rate)
        end as decimal(20, 10)) as own_rate,
        coalesce(units.exponent, 2) as base_exponent
    from records
    inner join connections on records.connection = connections.connection
    left join rates
        on
            records.connection = rates.connection
            and connections.base_currency = rates.base_currency
            and records.currency = rates.currency
            and records.rate_date >= rates.valid_from
            and (records.rate_date < rates.valid_until or rates.valid_until is null)
    left join reference_rates as reference
        on
            records.currency = reference.currency
            and records.rate_date >= reference.valid_from
            and (records.rate_date < reference.valid_until or reference.valid_until is null)
    left join reference_rates as base_reference
        on
            connections.base_currency = base_reference.currency
            and records.rate_date >= base_reference.valid_from
            and (records.rate_date < base_reference.valid_until or base_reference.valid_until is null)
    left join units on connections.base_currency = units.currency
)

select * from rated
