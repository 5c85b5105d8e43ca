{%- set models = ['rec_documents', 'rec_aging', 'rec_payments', 'rec_payouts', 'rec_reports', 'rec_writeback', 'rec_incomplete'] -%}
with

breaks as (
    {%- for model in models %}
    select * from {{ ref(model) }}
    {{- '\n    union all' if not loop.last }}
    {%- endfor %}
)

select * from breaks
