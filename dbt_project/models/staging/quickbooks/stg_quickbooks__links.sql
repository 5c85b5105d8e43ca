-- What a payment's lines link: the debts it settles and the credits it spends on them. Where the setting parity_links gives a limit, that
-- many invoices and credit memos are kept of each payment, the first in its own order; the others are told apart.
with

payments as (
    select * from {{ ref('stg_quickbooks__transactions') }}
    where transaction_type = 'payment' and not is_deleted
),

lines as (
    select
        *,
        coalesce(linked_type, '') in ('Invoice', 'CreditMemo') as is_counted
    from {{ ref('stg_quickbooks__transaction_lines') }}
    where transaction_type = 'payment' and linked_id is not null and line_amount <> 0
),

documents as (select * from {{ ref('stg_quickbooks__documents') }}),

preferences as (select * from {{ ref('stg_quickbooks__preferences') }}),

placed as (
    select
        *,
        sum(case when is_counted then 1 else 0 end) over (
            partition by connection, transaction_id order by line_number rows unbounded preceding
        ) as link_place
    from lines
),

-- A link to a journal or a deposit need not say which of its lines is meant: then the payer's own, then one of that amount.
candidates as (
    select
        placed.connection,
        placed.transaction_id,
        placed.line_number,
        journals.document_key,
        journals.document_amount,
        row_number() over (
            partition by placed.connection, placed.transaction_id, placed.line_number
            order by
                case when placed.linked_line = journals.line_id then 0 else 1 end,
                case when payments.customer_id = journals.customer_id then 0 else 1 end,
                case when abs(journals.document_amount) = abs(placed.line_amount) then 0 else 1 end,
                {{ id_order('journals.line_id') }}
        ) as candidate_rank
    from placed
    inner join payments
        on
            placed.connection = payments.connection
            and placed.transaction_id = payments.transaction_id
    inner join documents as journals
        on
            placed.connection = journals.connection
            and placed.linked_id = journals.transaction_id
            and journals.document_type = 'journal'
    where placed.linked_type in ('JournalEntry', 'Deposit')
),

resolved as (
    select
        payments.connection,
        payments.transaction_id as payment_id,
        payments.transaction_key as payment_key,
        payments.customer_key,
        payments.currency,
        payments.transaction_date as payment_date,
        payments.exchange_rate,
        placed.line_number,
        placed.linked_id,
        coalesce(candidates.document_key, {{ key('quickbooks', 'placed.connection', 'placed.linked_id') }})
            as linked_key,
        case
            when placed.linked_type = 'Invoice' then 'invoice'
            when placed.linked_type = 'CreditMemo' then 'credit_note'
            when placed.linked_type in ('Check', 'Expense', 'Purchase', 'CreditCardCharge') then 'refund'
            when candidates.document_key is not null then 'journal'
        end as linked_document_type,
        case
            when placed.linked_type = 'CreditMemo' or candidates.document_amount < 0 then 'credit'
            else 'debit'
        end as side,
        {{ money('abs(placed.line_amount)') }} as linked_amount,
        placed.is_counted and coalesce(placed.link_place > preferences.most_links, false) as is_left_out
    from placed
    inner join payments
        on
            placed.connection = payments.connection
            and placed.transaction_id = payments.transaction_id
    left join candidates
        on
            placed.connection = candidates.connection
            and placed.transaction_id = candidates.transaction_id
            and placed.line_number = candidates.line_number
            and candidates.candidate_rank = 1
    left join preferences on placed.connection = preferences.connection
),

-- A link to a record that is deleted or voided is gone with it. One of a kind that we do not read settles nothing here: the
-- difference to what QuickBooks says is a break.
alive as (
    select
        resolved.*,
        linked.issued_date as linked_date
    from resolved
    left join documents as linked on resolved.linked_key = linked.document_key
    where resolved.linked_document_type is not null and not coalesce(linked.is_deleted, false)
)

select * from alive
