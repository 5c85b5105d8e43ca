{#-
  Where a person opens a record of an ERP: of a system, an environment of it, a type (payment, deposit, reversal, invoice, credit_note, journal)
  and the ERP's own id. Null where the form of the address is not known for certain. One has to be signed in to the record's company.
-#}
{% macro record_url(system, environment, type, id) -%}
    case
        when {{ system }} = 'quickbooks' then
            case when {{ environment }} = 'sandbox' then 'https://app.sandbox.qbo.intuit.com/app/' else 'https://app.qbo.intuit.com/app/' end
            || case {{ type }}
                when 'payment' then 'recvpayment'
                when 'reversal' then 'recvpayment'
                when 'deposit' then 'deposit'
                when 'invoice' then 'invoice'
                when 'credit_note' then 'creditmemo'
                when 'journal' then 'journal'
            end
            || '?txnId=' || {{ id }}
    end
{%- endmacro %}
