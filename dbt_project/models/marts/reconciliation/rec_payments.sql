with

postings as (select * from {{ ref('int_payment_postings') }}),

citations as (select * from {{ ref('int_payment_citations') }}),

evidence as (
    select payment_key, min(method) as method, {{ dbt.listagg('document_key', "', '", 'order by document_key') }} as document_keys
    from {{ ref('int_payment_evidence') }}
    where is_exact
    group by payment_key
),

candidates as (
    select
        payment_key,
        count(*) as candidate_count,
        {{ dbt.listagg("set_key || ' (' || method || ')'", "'; '", 'order by set_key') }} as candidate_keys
    from {{ ref('int_payment_candidates') }}
    group by payment_key
),

erp_refunds as (
    select refund_key, coalesce(memo, '') || ' ' || coalesce(external_id, '') as reference_text
    from {{ ref('int_erp_refunds') }}
    where not is_deleted
),

cited_refunds as (
    {{ x_find_all('erp_refunds', 'reference_text', id_pattern(['re', 'pyr']), ['refund_key'], 'refund_id') }}
),

all_charges as (select distinct charge_id from {{ ref('psp_payments') }}),

first_citations as (
    select * from citations
    where citation_rank = 1 and psp_payment_key is not null
),

unbooked as (
    select
        postings.*,
        case
            when postings.is_exact then 'missing_in_erp'
            when coalesce(candidates.candidate_count, 0) > 1 then 'ambiguous_match'
            when candidates.candidate_count = 1 then 'single_candidate'
            else 'no_evidence'
        end as reason,
        case
            when postings.is_exact then evidence.method || ' names ' || evidence.document_keys
            when candidates.candidate_count > 0 then 'candidates: ' || candidates.candidate_keys
            when postings.is_bank and postings.erp_customer_key is null
                then 'it names no invoice, and its counterparty is no customer by name. Remedy: book it with its reference in the memo'
            when postings.erp_customer_key is null
                then 'the payer is mapped to no ERP customer. Remedy: put customer_source_id in its metadata'
            else 'no open invoice of ' || postings.erp_customer_key || ' fits, nor two or three together; larger sets, and sets among more'
                || ' than 40 open invoices, were not searched. Remedy: book it by hand with the '
                || case when postings.is_bank then 'reference' else 'charge id' end || ' in the memo'
        end as detail
    from postings
    left join evidence on postings.payment_key = evidence.payment_key
    left join candidates on postings.payment_key = candidates.payment_key
    where postings.is_to_book and postings.state = 'succeeded'
),

missing as (
    select
        {{ break_row('unbooked.reason', 'unbooked.erp_connection', 'unbooked.payment_key', 'null',
            'unbooked.unbooked_amount', 'null', 'unbooked.currency',
            'coalesce(unbooked.succeeded_seen_at, unbooked.first_seen_at)', 'unbooked.detail') }}
    from unbooked
),

-- A shared payment is compared as a whole, on its first record; the others are its parts.
comparable as (
    select
        postings.payment_key,
        postings.erp_connection,
        postings.payment_amount,
        postings.booked_amount,
        postings.currency,
        first_citations.erp_payment_key,
        first_citations.currency as erp_currency,
        {{ later('postings.first_seen_at', 'first_citations.first_seen_at') }} as first_seen_at,
        row_number() over (partition by postings.payment_key order by {{ id_order('first_citations.erp_payment_id') }}) as place
    from postings
    inner join first_citations on postings.payment_key = first_citations.psp_payment_key
    where postings.state <> 'failed' and not postings.is_partly_booked
),

amounts as (
    select
        {{ break_row("'amount_differs'", 'comparable.erp_connection', 'comparable.payment_key', 'comparable.erp_payment_key',
            'comparable.payment_amount', 'comparable.booked_amount', 'comparable.currency', 'comparable.first_seen_at',
            "'booked with another amount than was charged. Remedy: correct the ERP payment'") }}
    from comparable
    where place = 1 and erp_currency = currency and booked_amount <> payment_amount
),

currencies as (
    select
        {{ break_row("'currency_differs'", 'comparable.erp_connection', 'comparable.payment_key', 'comparable.erp_payment_key',
            'comparable.payment_amount', 'null', 'comparable.currency', 'comparable.first_seen_at',
            "'booked in ' || comparable.erp_currency") }}
    from comparable
    where erp_currency <> currency
),

duplicates as (
    select
        {{ break_row("'duplicate_in_erp'", 'citations.erp_connection', 'citations.psp_payment_key', 'citations.erp_payment_key',
            'null', 'citations.payment_amount', 'citations.currency', 'citations.first_seen_at',
            "'an earlier ERP payment already carries this charge. Remedy: delete the one that is not wanted'") }}
    from citations
    where citation_rank > 1 and psp_payment_key is not null
),

customers as (
    select
        {{ break_row("'customer_differs'", 'citations.erp_connection', 'citations.psp_payment_key', 'citations.erp_payment_key',
            'citations.payment_amount', 'citations.payment_amount', 'citations.currency',
            later('postings.first_seen_at', 'citations.first_seen_at'),
            "'paid for ' || postings.exact_customer_key || ', booked on ' || citations.customer_key") }}
    from citations
    inner join postings on citations.psp_payment_key = postings.payment_key
    where citations.is_other_customer and citations.citation_rank = 1 and postings.state <> 'failed'
),

reversible as (select * from {{ ref('int_reversals') }}),

still_applied as (
    select
        {{ break_row("'still_applied'", 'reversible.erp_connection', 'reversible.psp_payment_key', 'reversible.erp_payment_key',
            'null', 'reversible.applied_amount', 'reversible.currency', 'reversible.first_seen_at', 'reversible.cause') }}
    from reversible
),

reopened as (
    select reopened_documents.*, documents.document_number
    from {{ ref('int_reopened_documents') }} as reopened_documents
    inner join {{ ref('int_open_documents') }} as documents on reopened_documents.document_key = documents.document_key
),

paid_by_lost_money as (
    select
        {{ break_row("'paid_by_lost_money'", 'reopened.erp_connection', 'reopened.psp_payment_key', 'reopened.document_key',
            'null', 'reopened.reopened_amount', 'reopened.currency', 'reopened.first_seen_at',
            "reopened.cause || '. Remedy: in ERP payment ' || reopened.erp_payment_id || ' untick invoice '
            || coalesce(reopened.document_number, reopened.document_key) || ' and tick the journal that cites the cause'",
            of='reopened.erp_payment_id') }}
    from reopened
),

won as (
    select payment_key, min(dispute_id) as dispute_id, max(won_seen_at) as won_seen_at
    from {{ ref('psp_disputes') }}
    where is_won
    group by payment_key
),

put_back as (
    select journals.connection, disputes.payment_key, sum(journals.document_amount) as amount
    from {{ ref('int_reversal_journals') }} as journals
    inner join {{ ref('psp_disputes') }} as disputes on journals.cause_id = disputes.dispute_id
    group by journals.connection, disputes.payment_key
),

-- The money is back, and what was done about its loss stands: journals in the customer's debt, or a payment that settles nothing although
-- it says what it is for.
standing as (
    select
        postings.erp_connection,
        postings.payment_key,
        postings.currency,
        first_citations.erp_payment_key,
        case when put_back.amount > 0 then put_back.amount else first_citations.payment_amount end as amount,
        won.dispute_id,
        {{ later('first_citations.first_seen_at', 'won.won_seen_at') }} as first_seen_at,
        row_number() over (partition by postings.payment_key order by {{ id_order('first_citations.erp_payment_id') }}) as place,
        put_back.amount > 0 as is_journal
    from postings
    inner join won on postings.payment_key = won.payment_key
    inner join first_citations on postings.payment_key = first_citations.psp_payment_key
    left join put_back
        on
            postings.payment_key = put_back.payment_key
            and postings.erp_connection = put_back.connection
    where
        postings.state = 'succeeded'
        and (coalesce(put_back.amount, 0) > 0 or (first_citations.applied_amount = 0 and postings.is_exact))
),

reversed_without_cause as (
    select
        {{ break_row("'reversed_without_cause'", 'standing.erp_connection', 'standing.payment_key', 'standing.erp_payment_key',
            'standing.amount', 'null', 'standing.currency', 'standing.first_seen_at',
            "'dispute ' || standing.dispute_id || ' was won, and the reversal stands. Remedy: '
            || case when standing.is_journal then 'delete the journals that cite it, and ' else '' end
            || 'let the ERP payment settle its invoices again'") }}
    from standing
    where not is_journal or place = 1
),

unbooked_refunds as (
    select
        postings.erp_connection,
        refunds.refund_key,
        min(first_citations.erp_payment_key) as erp_payment_key,
        refunds.refund_amount,
        refunds.currency,
        {{ later('coalesce(refunds.succeeded_seen_at, refunds.first_seen_at)', 'min(first_citations.first_seen_at)') }} as first_seen_at
    from {{ ref('psp_refunds') }} as refunds
    inner join postings on refunds.payment_key = postings.payment_key
    inner join first_citations on refunds.payment_key = first_citations.psp_payment_key
    left join cited_refunds on refunds.refund_id = cited_refunds.refund_id
    where refunds.status = 'succeeded' and cited_refunds.refund_id is null
    group by
        postings.erp_connection, refunds.refund_key, refunds.refund_amount, refunds.currency,
        refunds.succeeded_seen_at, refunds.first_seen_at
),

refunds_missing as (
    select
        {{ break_row("'refund_missing_in_erp'", 'unbooked_refunds.erp_connection', 'unbooked_refunds.refund_key',
            'unbooked_refunds.erp_payment_key', '-unbooked_refunds.refund_amount', 'null', 'unbooked_refunds.currency',
            'unbooked_refunds.first_seen_at', "'Remedy: enter a customer refund with the refund id in its memo'") }}
    from unbooked_refunds
),

unknown_charges as (
    select
        {{ break_row("'missing_in_psp'", 'citations.erp_connection', 'null', 'citations.erp_payment_key',
            'null', 'citations.payment_amount', 'citations.currency', 'citations.first_seen_at',
            "'cites ' || citations.charge_id || ', which no connected account has'") }}
    from citations
    left join all_charges on citations.charge_id = all_charges.charge_id
    where all_charges.charge_id is null
),

final as (
    select * from missing
    union all
    select * from amounts
    union all
    select * from currencies
    union all
    select * from duplicates
    union all
    select * from customers
    union all
    select * from still_applied
    union all
    select * from paid_by_lost_money
    union all
    select * from reversed_without_cause
    union all
    select * from refunds_missing
    union all
    select * from unknown_charges
)

select * from final
