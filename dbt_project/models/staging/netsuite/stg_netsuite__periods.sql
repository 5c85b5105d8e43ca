with

periods as (select * from {{ latest(source('raw_netsuite', 'accountingperiod'), 'id') }}),

read as (
    select
        connection,
        id as period_id,
        periodname as period_name,
        startdate as start_date,
        enddate as end_date,
        coalesce(closed, false) or coalesce(arlocked, false) or coalesce(alllocked, false) as is_closed,
        (coalesce(closed, false) or coalesce(arlocked, false) or coalesce(alllocked, false)) and not coalesce(allownonglchanges, true)
            as is_sealed
    from periods
    where
        version_rank = 1
        and not coalesce(is_gone, false)
        and coalesce(isposting, true)
        and not coalesce(isquarter, false)
        and not coalesce(isyear, false)
)

select * from read
