{{ config(post_hook="{{ x_create_asof() }}") }}
{{ aged_asof(ref('int_aging_dates')) }}
