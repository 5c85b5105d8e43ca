with

documents as (select * from {{ ref('ar_documents') }}),

final as (
    select
        connection,
        currency,
        base_currency,
        count(*) as document_count,
        {{ money('sum(open_amount)') }} as open_amount,
        min(issued_date) as first_date,
        'enter a rate from ' || currency || ' to ' || coalesce(base_currency, '(no base currency is known)')
        || ', or read the base amounts as unknown' as remedy
    from documents
    where base_rate is null and not is_deleted
    group by connection, currency, base_currency
)

select * from final
