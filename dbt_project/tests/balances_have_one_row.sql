-- One row per customer and currency.
select customer_key, currency, count(*) as row_count
from {{ ref('ar_balances') }}
group by customer_key, currency
having count(*) > 1
