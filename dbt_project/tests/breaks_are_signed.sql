-- Drift is left less right, an absent side being nothing.
select * from {{ ref('rec_breaks') }}
where drift_amount <> coalesce(left_amount, 0) - coalesce(right_amount, 0)
