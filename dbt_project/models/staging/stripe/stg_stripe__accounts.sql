with

accounts as (select * from {{ latest(source('raw_stripe', 'account'), 'id') }}),

read as (
    select
        connection,
        id as account_id,
        country,
        upper(default_currency) as default_currency,
        time_zone,
        business_name
    from accounts
    where version_rank = 1
)

select * from read
