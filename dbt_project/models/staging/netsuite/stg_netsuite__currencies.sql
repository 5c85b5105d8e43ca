with

currencies as (select * from {{ latest(source('raw_netsuite', 'currency'), 'id') }}),

read as (
    select
        connection,
        id as currency_id,
        upper(symbol) as currency,
        name as currency_name,
        coalesce(isbasecurrency, false) as is_base_currency
    from currencies
    where version_rank = 1
)

select * from read
