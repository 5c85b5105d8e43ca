-- Counts and sums that the source gives when asked apart from extraction. A warning: it is asked a moment after we read, and what changed
-- in between, or a run that its budget cut, differs until the next run. What stays is a break.
{{ config(severity='warn') }}
select * from {{ ref('rec_completeness') }}
where not is_complete
