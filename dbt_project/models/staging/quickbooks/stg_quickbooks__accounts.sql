with

accounts as (select * from {{ latest(source('raw_quickbooks', 'account'), 'id') }}),

read as (
    select
        connection,
        id as account_id,
        {{ key('quickbooks', 'connection', 'id') }} as account_key,
        acct_num as account_number,
        coalesce(fully_qualified_name, name) as account_name,
        account_type,
        account_sub_type,
        coalesce(account_type = 'Accounts Receivable', false) as is_receivable,
        case
            when account_type = 'Accounts Receivable' then 'receivable'
            when account_type = 'Bank' then 'bank'
            when account_type in ('Income', 'Other Income') then 'revenue'
            when account_type in ('Expense', 'Other Expense', 'Cost of Goods Sold') then 'expense'
            when account_sub_type in ('SalesTaxPayable', 'GlobalTaxPayable', 'GlobalTaxSuspense') then 'tax'
            when account_sub_type = 'UndepositedFunds' then 'undeposited'
            else 'other'
        end as ledger_account,
        not coalesce(active, true) or coalesce(is_gone, false) as is_inactive
    from accounts
    where version_rank = 1
)

select * from read
