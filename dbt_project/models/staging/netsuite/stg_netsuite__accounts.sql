with

accounts as (select * from {{ latest(source('raw_netsuite', 'account'), 'id') }}),

read as (
    select
        connection,
        id as account_id,
        {{ key('netsuite', 'connection', 'id') }} as account_key,
        acctnumber as account_number,
        accountsearchdisplayname as account_name,
        accttype as account_type,
        accttype = 'AcctRec' as is_receivable,
        case
            when accttype = 'AcctRec' then 'receivable'
            when accttype = 'Bank' then 'bank'
            when accttype in ('Income', 'OthIncome') then 'revenue'
            when accttype in ('Expense', 'OthExpense', 'COGS') then 'expense'
            when accttype in ('OthCurrLiab', 'LongTermLiab') then 'tax'
            when accttype in ('UnDep', 'OthCurrAsset') then 'undeposited'
            else 'other'
        end as ledger_account,
        coalesce(isinactive, false) as is_inactive
    from accounts
    where version_rank = 1
)

select * from read
