-- The balance the ERP gives when asked apart from extraction. Each difference is a break already; a run should say so too.
{{ config(severity='warn') }}
select * from {{ ref('rec_aging') }}
