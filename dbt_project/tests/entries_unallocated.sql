-- What the lines of a record do not explain. It is shown as a leg of its own; here it is said aloud.
{{ config(severity='warn') }}
select * from {{ ref('ar_entries') }}
where account = 'unallocated'
