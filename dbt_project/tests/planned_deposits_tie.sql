-- A planned deposit is the payout to the cent.
select
    deposits.intent_key,
    deposits.amount,
    payouts.payout_amount
from {{ ref('wb_deposits') }} as deposits
inner join {{ ref('ar_payouts') }} as payouts on deposits.subject_key = payouts.payout_key
where deposits.amount <> payouts.payout_amount or payouts.payout_amount < 0 or payouts.status <> 'paid'
