-- Per payment of a provider or bank: what the ERP has booked of it, and what is still to be booked. The one place that decides it.
with

payments as (
    select *
    from {{ ref('int_psp_payments') }}
    where erp_connection is not null
),

citations as (select * from {{ ref('int_payment_citations') }}),

evidence as (
    select
        payment_key,
        min(method) as method,
        max(case when is_exact then 1 else 0 end) = 1 as is_exact,
        max(case when open_amount > 0 then 1 else 0 end) = 1 as is_open,
        count(distinct customer_key) as customer_count
    from {{ ref('int_payment_evidence') }}
    group by payment_key
),

lump_sums as (select * from {{ ref('int_bank_lump_sums') }}),

-- A line is matched, or else in doubt.
bookings as (
    select line_key, max(case when is_match then 1 else 0 end) = 1 as is_match
    from {{ ref('int_bank_bookings') }}
    group by line_key
),

booked as (
    select
        psp_payment_key,
        count(*) as citation_count,
        sum(case when citation_rank = 1 then 1 else 0 end) as first_count,
        sum(case when citation_rank = 1 and slot <> '' then 1 else 0 end) as slot_count,
        sum(case when citation_rank = 1 then payment_amount else 0 end) as booked_amount,
        sum(case when citation_rank > 1 then 1 else 0 end) as duplicate_count,
        sum(case when is_other_customer then 1 else 0 end) as other_customer_count
    from citations
    where psp_payment_key is not null
    group by psp_payment_key
),

judged as (
    select
        payments.*,
        evidence.method as evidence_method,
        -- No id of ours tells a bank line that somebody has booked: what names only settled invoices, or may be booked, is for a person.
        coalesce(evidence.is_exact and (not payments.is_bank or (evidence.is_open and bookings.line_key is null)), false) as is_exact,
        coalesce(bookings.is_match, false) or lump_sums.line_key is not null as is_recognised,
        coalesce(evidence.customer_count, 0) as evidence_customer_count,
        coalesce(booked.citation_count, 0) as citation_count,
        coalesce(booked.first_count, 0) as first_count,
        coalesce(booked.duplicate_count, 0) as duplicate_count,
        coalesce(booked.other_customer_count, 0) as other_customer_count,
        {{ money('coalesce(booked.booked_amount, 0)') }} as booked_amount,
        -- Some customers of a shared payment are booked, others are not.
        coalesce(
            evidence.is_exact and evidence.customer_count > 1 and booked.slot_count > 0
            and booked.slot_count < evidence.customer_count and booked.booked_amount < payments.payment_amount, false)
            as is_partly_booked
    from payments
    left join evidence on payments.payment_key = evidence.payment_key
    left join booked on payments.payment_key = booked.psp_payment_key
    left join bookings on payments.payment_key = bookings.line_key
    left join lump_sums on payments.payment_key = lump_sums.line_key
),

measured as (
    select
        judged.*,
        {{ money('case
            when judged.citation_count = 0 then judged.payment_amount
            when judged.is_partly_booked then judged.payment_amount - judged.booked_amount
            else 0
        end') }} as unbooked_amount,
        coalesce(judged.is_active, false)
        and judged.state in ('succeeded', 'pending')
        and not judged.is_recognised
        and (judged.citation_count = 0 or judged.is_partly_booked) as is_to_book
    from judged
)

select * from measured
