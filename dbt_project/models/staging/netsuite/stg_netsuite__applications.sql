with

links as (select * from {{ ref('stg_netsuite__links') }}),

transactions as (select * from {{ ref('stg_netsuite__transactions') }}),

-- A deposit application spends a customer deposit: the deposit is the payment, the application only says so.
spent_deposits as (
    select connection, next_id, min(previous_id) as deposit_id
    from links
    where next_type = 'DepAppl' and previous_type = 'CustDep'
    group by connection, next_id
),

sides as (
    select
        links.connection,
        case
            when links.next_type = 'CustRfnd' then links.previous_id
            when links.next_type = 'DepAppl' then coalesce(spent_deposits.deposit_id, links.next_id)
            else links.next_id
        end as credit_id,
        case when links.next_type = 'CustRfnd' then links.previous_type else links.next_type end as credit_type,
        case when links.next_type = 'CustRfnd' then links.previous_line else links.next_line end as credit_line,
        case when links.next_type = 'CustRfnd' then links.next_id else links.previous_id end as debit_id,
        case when links.next_type = 'CustRfnd' then 'CustRfnd' else links.previous_type end as debit_type,
        case when links.next_type = 'CustRfnd' then '0' else links.previous_line end as debit_line,
        case
            when links.previous_date > links.next_date then links.previous_date
            else links.next_date
        end as applied_date,
        abs(links.linked_amount) as applied_amount
    from links
    left join spent_deposits
        on
            links.connection = spent_deposits.connection
            and links.next_id = spent_deposits.next_id
    where
        links.link_type = 'Payment'
        and links.linked_amount <> 0
        and not links.is_previous_deleted
        and not (links.next_type = 'DepAppl' and links.previous_type = 'CustDep')
),

-- A journal settles line by line; everything else as a whole.
lined as (
    select
        sides.*,
        case when credit_type = 'Journal' then '.' || coalesce(credit_line, '0') else '' end as credit_suffix,
        case when debit_type = 'Journal' then '.' || coalesce(debit_line, '0') else '' end as debit_suffix
    from sides
),

keyed as (
    select
        connection,
        credit_id,
        {{ key('netsuite', 'connection', 'credit_id || credit_suffix') }} as payment_key,
        {{ key('netsuite', 'connection', 'debit_id || debit_suffix') }} as document_key,
        case debit_type when 'CustRfnd' then 'refund' when 'Journal' then 'journal' else 'invoice' end as document_type,
        case credit_type when 'CustCred' then 'credit_note' when 'Journal' then 'journal' else 'payment' end as payment_type,
        applied_amount,
        applied_date
    from lined
),

-- One row per pair: NetSuite gives a link per line.
summed as (
    select
        keyed.connection,
        keyed.payment_key || '>' || keyed.document_key as application_key,
        keyed.payment_key,
        keyed.payment_type,
        keyed.document_key,
        keyed.document_type,
        transactions.currency,
        {{ money('sum(keyed.applied_amount)') }} as applied_amount,
        max(keyed.applied_date) as applied_date,
        keyed.payment_key as linked_by,
        cast(null as date) as linked_date,
        cast(null as decimal(20, 10)) as linked_rate,
        false as is_left_out
    from keyed
    inner join transactions
        on
            keyed.connection = transactions.connection
            and keyed.credit_id = transactions.transaction_id
    where not transactions.is_deleted
    group by
        keyed.connection, keyed.payment_key, keyed.payment_type, keyed.document_key, keyed.document_type,
        transactions.currency
)

select * from summed
