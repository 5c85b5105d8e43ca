{#-
  Keeps the rows of an ERP relation that belong in this connection's books: customer and subsidiary routing.
  `customer` is the customer key column, or none for records without a customer (deposits).
-#}
{% macro in_scope(relation, customer='customer_key') -%}
    select scoped.*
    from {{ relation }} as scoped
    {%- if customer %}
    left join {{ ref('int_customer_scope') }} as left_out on scoped.{{ customer }} = left_out.customer_key
    {%- endif %}
    left join (select distinct connection from {{ ref('int_mapped_subsidiaries') }}) as restricted
        on scoped.connection = restricted.connection
    left join {{ ref('int_mapped_subsidiaries') }} as mapped
        on
            scoped.connection = mapped.connection
            and scoped.subsidiary_id = mapped.subsidiary_id
    where
        {%- if customer %}
        left_out.customer_key is null
        and
        {%- endif %} (restricted.connection is null or scoped.subsidiary_id is null or mapped.subsidiary_id is not null)
{%- endmacro %}
