-- Every record's legs sum to zero, in its own currency and (where every leg has a rate) in the base currency.
select
    book,
    document_key,
    currency,
    sum(amount) as amount,
    sum(base_amount) as base_amount
from {{ ref('ar_entries') }}
group by book, document_key, currency
having
    sum(amount) <> 0
    or (count(*) = count(base_amount) and sum(base_amount) <> 0)
