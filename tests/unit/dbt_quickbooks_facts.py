"""Hand-made QuickBooks records for the dbt tests, in the API's own shapes, and one company whose figures are worked out by hand."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import orjson

from tests.unit.dbt_facts import payout
from tests.unit.dbt_warehouse import Warehouse

Line = dict[str, Any]


def exact(value: Any) -> orjson.Fragment:
    assert isinstance(value, Decimal)
    return orjson.Fragment(str(value).encode())


def text(value: Any) -> str:
    """JSON text with numbers as QuickBooks writes them."""
    return orjson.dumps(value, default=exact, option=orjson.OPT_SORT_KEYS).decode()


def day(month: int, number: int) -> date:
    return date(2026, month, number)


def sold(amount: str, account: str | None = "1", place: int = 1) -> Line:
    detail: dict[str, Any] = {"ItemRef": {"value": "3", "name": "Hours"}, "Qty": 1}
    if account:
        detail["ItemAccountRef"] = {"value": account}
    return {"Id": str(place), "LineNum": place, "Amount": Decimal(amount), "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": detail}  # fmt: skip


def subtotal(amount: str) -> Line:
    return {"Amount": Decimal(amount), "DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {}}


def linked(kind: str, id: str, amount: str, line: str | None = None) -> Line:
    link = {"TxnId": id, "TxnType": kind} | ({"TxnLineId": line} if line else {})
    return {"Amount": Decimal(amount), "LinkedTxn": [link]}


def posted(side: str, amount: str, account: str, customer: str | None = None, place: int = 0) -> Line:
    detail: dict[str, Any] = {"PostingType": side, "AccountRef": {"value": account}}
    if customer:
        detail["Entity"] = {"Type": "Customer", "EntityRef": {"value": customer}}
    return {"Id": str(place), "Amount": Decimal(amount), "DetailType": "JournalEntryLineDetail", "JournalEntryLineDetail": detail}  # fmt: skip


def free(amount: str, account: str, entity: str | None = None, kind: str = "VENDOR", place: int = 2) -> Line:
    detail: dict[str, Any] = {"AccountRef": {"value": account}}
    if entity:
        detail["Entity"] = {"value": entity, "type": kind}
    return {"Id": str(place), "Amount": Decimal(amount), "DetailType": "DepositLineDetail", "DepositLineDetail": detail}


class Company:
    """A company's records, put as versions of the current load of a warehouse."""

    def __init__(self, house: Warehouse, name: str, **settings: Any) -> None:
        self.house, self.name, self.counts = house, name, {"invoice": 0, "credit_memo": 0, "payment": 0, "deposit": 0}
        house.connection(name, "quickbooks", zone="America/Los_Angeles", base="USD", **settings)

    def put(self, table: str, id: str, *, deleted: bool = False, **columns: Any) -> None:
        self.counts[table] = self.counts.get(table, 0) + (-1 if deleted else 1)
        self.house.put(f"raw_quickbooks.{table}", self.name, {"id": id, **columns}, deleted=deleted)

    def record(self, table: str, id: str, lines: list[Line], date: date, **columns: Any) -> None:
        default = {"txn_date": date, "currency": "USD", "sync_token": "0", "lines": text(lines), "linked_txn": "[]"}
        self.put(table, id, **{**default, **columns})

    def invoice(self, id: str, customer: str, amount: str, left: str, *lines: Line, **columns: Any) -> None:
        given = {"customer": customer, "total_amt": Decimal(amount), "balance": Decimal(left), "doc_number": f"10{id}", "due_date": day(10, 1)}  # fmt: skip
        shown = [*(lines or (sold(amount),)), subtotal(amount)]
        self.record("invoice", id, shown, columns.pop("date", day(9, 1)), **{**given, **columns})

    def credit_memo(self, id: str, customer: str, amount: str, left: str, **columns: Any) -> None:
        given = {"customer": customer, "total_amt": Decimal(amount), "remaining_credit": Decimal(left), "balance": Decimal(left)}  # fmt: skip
        self.record("credit_memo", id, [sold(amount), subtotal(amount)], day(9, 5), **{**given, **columns})

    def payment(self, id: str, customer: str, amount: str, left: str, *lines: Line, **columns: Any) -> None:
        given = {"customer": customer, "total_amt": Decimal(amount), "unapplied_amt": Decimal(left)}
        self.record("payment", id, list(lines), columns.pop("date", day(10, 5)), **{**given, **columns})


def chart(company: Company) -> None:
    kinds = {
        "1": ("Income", "SalesOfProductIncome"), "4": ("Other Current Asset", "UndepositedFunds"), "35": ("Bank", "Checking"),
        "36": ("Bank", "CashOnHand"), "60": ("Expense", "BankCharges"), "80": ("Accounts Receivable", "AccountsReceivable"),
        "90": ("Other Current Liability", "GlobalTaxPayable"),
    }  # fmt: skip
    for id, (kind, detail) in kinds.items():
        company.put("account", id, name=f"Account {id}", account_type=kind, account_sub_type=detail, active=True)
    company.put("preferences", "1", home_currency="USD", multi_currency=True, book_close_date=day(9, 30))
    company.put("term", "5", name="Net 30", due_days=30, active=True)
    company.put("payment_method", "2", name="Credit card", active=True)


def customers(company: Company) -> None:
    """Acme with a sub-customer and its sub-customer, one in euros, one inactive, one deleted, one left out by the settings."""
    person = {"given_name": "Ada", "family_name": "Byron", "email": "ada@acme.test", "primary_phone": "1", "alternate_phone": "2", "mobile": "3"}  # fmt: skip
    company.put(
        "customer",
        "58",
        display_name="Acme Ltd",
        company_name="Acme Ltd",
        sales_term="5",
        active=True,
        notes="Call first.",
        bill_addr={
            "Id": "2",
            "Line1": "Acme",
            "Line2": "1 Elm",
            "Line3": "Floor 2",
            "Line4": "Door 3",
            "City": "Austin",
            "CountrySubDivisionCode": "TX",
            "PostalCode": "78701",
        },
        ship_addr={"Id": "3", "Lat": "1"},
        **person,
    )
    company.put("customer", "59", display_name="North", parent="58", job=True, level=1, active=True)
    company.put("customer", "60", display_name="Site", parent="59", job=True, level=2, given_name=" ", active=True)
    company.put("customer", "61", display_name="Beta GmbH", currency="EUR", email="b@beta.test", active=True)
    company.put("customer", "62", display_name="Gamma", given_name="Grace", active=False)
    company.put("customer", "63", display_name="Delta", active=True)
    company.put("customer", "63", deleted=True)
    company.put("customer", "99", display_name="Left out", active=True)


def credits(company: Company) -> None:
    """Credit memos in every place they can stand: alone, beside money, and of one customer for another's invoice."""
    company.invoice("146", "58", "100.00", "80.00")
    company.credit_memo("150", "58", "30.00", "10.00")
    company.payment("164", "58", "0", "0", linked("Invoice", "146", "20.00"), linked("CreditMemo", "150", "20.00"), date=day(10, 9))  # fmt: skip
    company.invoice("152", "58", "80.00", "0")
    company.invoice("153", "58", "50.00", "0")
    company.credit_memo("151", "58", "30.00", "0")
    company.payment("165", "58", "100.00", "0",
        linked("Invoice", "152", "80.00"), linked("Invoice", "153", "50.00"), linked("CreditMemo", "151", "30.00"),
    )  # fmt: skip
    company.invoice("156", "59", "40.00", "25.00", due_date=day(12, 1))
    company.credit_memo("155", "58", "15.00", "0")
    company.payment("167", "58", "0", "0", linked("Invoice", "156", "15.00"), linked("CreditMemo", "155", "15.00"))
    company.credit_memo("158", "58", "10.00", "4.00")
    company.payment("159", "58", "0", "6.00", linked("CreditMemo", "158", "6.00"))  # what it paid has been deleted


def payments(company: Company) -> None:
    """A bill with tax and discount, a parent that pays for its grandchild, a deletion, voided records, money paid back by an expense."""
    discount = {"Amount": Decimal("20.00"), "DetailType": "DiscountLineDetail", "DiscountLineDetail": {"DiscountAccountRef": {"value": "1"}}}  # fmt: skip
    order = text([{"DefinitionId": "1", "Name": "P.O. Number", "Type": "StringType", "StringValue": "PO-7"}])
    company.invoice("145", "58", "200.00", "0", sold("200.00"), discount, sales_term="5", custom_fields=order)
    company.payment("163", "58", "250.00", "50.00", linked("Invoice", "145", "200.00"), payment_method="2", payment_ref_num="bank-9")  # fmt: skip
    company.invoice("147", "58", "70.00", "70.00")
    company.invoice("148", "58", "0", "0", private_note="Voided")
    company.payment("184", "58", "0", "0", private_note="Voided - typed twice")
    company.invoice("154", "60", "40.00", "0")
    company.payment("166", "58", "40.00", "0", linked("Invoice", "154", "40.00"))
    company.invoice("157", "60", "11.11", "11.11")
    company.payment("174", "58", "60.00", "0", linked("Expense", "175", "60.00"))
    company.payment("185", "59", "30.00", "30.00", private_note="Stripe ch_2", deposit_to_account="4")
    company.payment("186", "58", "10.00", "0", linked("Invoice", "146", "10.00"))
    company.invoice("199", "99", "1.00", "1.00")
    exactly = (sold("12345678901234.5678"), sold("0.0022", place=2))  # more digits than a double has
    company.invoice("189", "62", "12345678901234.57", "12345678901234.57", *exactly, due_date=day(12, 1))
    company.record("refund_receipt", "173", [sold("22.00"), subtotal("22.00")], day(10, 7), customer="58", total_amt=Decimal("25.00"),
        deposit_to_account="35", private_note="for re_1", payment_ref_num="r-1")  # fmt: skip


def journals(company: Company) -> None:
    """Journal lines on receivables, used one against the other and against money; a deposit that holds a customer's money as it came."""
    company.record("journal_entry", "170", [posted("Debit", "9.00", "80", "59"), posted("Credit", "9.00", "1", place=1)], day(9, 3), doc_number="J1")  # fmt: skip
    company.record("journal_entry", "171", [posted("Debit", "5.00", "60"), posted("Credit", "5.00", "80", "59", 1)], day(9, 4))  # fmt: skip
    company.payment("172", "59", "4.00", "0", linked("JournalEntry", "170", "9.00"), linked("JournalEntry", "171", "5.00"))  # fmt: skip
    company.record("deposit", "181", [free("12.00", "80", "58", "CUSTOMER", place=1)], day(10, 8), deposit_to_account="35", total_amt=Decimal(12))  # fmt: skip
    company.invoice("183", "58", "12.00", "0")
    company.payment("182", "58", "0", "0", linked("Invoice", "183", "12.00"), linked("Deposit", "181", "12.00"))
    taken = [linked("Payment", "163", "250.00", "0"), free("-3.50", "60", "900")]
    cash = text({"AccountRef": {"value": "36"}, "Amount": Decimal("10.00"), "Memo": "till"})
    company.record("deposit", "180", taken, day(10, 8), deposit_to_account="35", total_amt=Decimal("236.50"), cash_back=cash)  # fmt: skip


def euros(company: Company) -> None:
    """Beta's documents, each at its own rate, one of them after the day of the report."""
    given = {"currency": "EUR", "due_date": day(12, 1)}
    company.invoice("190", "61", "100.00", "100.00", exchange_rate=Decimal("1.1234567"), **given)
    company.invoice("191", "61", "33.33", "33.33", exchange_rate=Decimal("1.10"), **given)
    company.invoice("193", "61", "10.00", "10.00", exchange_rate=Decimal("1.10"), date=day(11, 20), **given)
    company.payment("192", "61", "20.00", "20.00", currency="EUR", exchange_rate=Decimal("1.2"))
    company.house.put("raw_quickbooks.exchange_rate", company.name,
        {"source_currency": "EUR", "target_currency": "USD", "as_of_date": day(9, 1), "rate": Decimal("1.10")})  # fmt: skip


def said(company: Company) -> None:
    """What QuickBooks itself says: balances, the aging report (a cent off for customer 60) and counts (a credit memo too many)."""
    owed = {"58": "17.00", "59": "-5.00", "60": "11.11", "62": "12345678901234.57"}
    put = company.house.put
    for customer, amount in owed.items():
        put("raw_quickbooks.control_balance", company.name, {"entity": customer, "currency": "USD", "open_amount": Decimal(amount)})  # fmt: skip
    put("raw_quickbooks.control_balance", company.name, {"entity": "61", "currency": "EUR", "open_amount": Decimal("123.33")})  # fmt: skip
    report = {**owed, "60": "11.12", "61": "125.01"}
    stale = {"customer": "63", "as_of_date": day(10, 1), "total": Decimal(5)}
    rows = [{"customer": customer, "as_of_date": day(11, 2), "total": Decimal(amount)} for customer, amount in report.items()]  # fmt: skip
    put("raw_quickbooks.aged_receivables", company.name, stale, *rows)
    counted = {**company.counts, "credit_memo": company.counts["credit_memo"] + 1}
    for table in ("invoice", "credit_memo", "payment", "deposit", "refund_receipt", "journal_entry", "customer"):
        put("raw_quickbooks.control_total", company.name, {"table_name": table, "measure": "all", "row_count": counted[table]})  # fmt: skip


def deletions(company: Company) -> None:
    company.house.load = 2
    company.put("invoice", "147", deleted=True)
    company.put("payment", "186", deleted=True)


def provider(company: Company) -> None:
    """A charge for an open invoice, one of a closed month, and a payout whose only payment is booked."""
    house = company.house
    house.connection("cards", "stripe")
    house.put("raw_stripe.customer", "cards", {"id": "cus_1", "metadata": {"quickbooks_customer_id": "60"}})
    house.charge("ch_open", 1111, description="Invoice 10157")
    house.charge("ch_2", 3000, metadata={"customer_source_id": "59"})
    early = datetime(2026, 9, 10, 12, tzinfo=UTC)
    house.charge("ch_closed", 2500, metadata={"customer_source_id": "59", "invoices_source_id": "156"}, created=early)
    payout(house, "po_2", 2900, ("ch_2", "charge", 3000, 100))


def reversals(company: Company) -> None:
    """Two payments whose money a dispute took: one is in a deposit, so a journal entry reopens the debt; of the other nothing is done yet."""
    for id, invoice, dispute in (("187", "188", "dp_9"), ("177", "178", "dp_8")):
        company.invoice(invoice, "58", "7.00", "0")
        company.payment(
            id,
            "58",
            "7.00",
            "0",
            linked("Invoice", invoice, "7.00"),
            private_note=f"ch_{id} [tieout_payment_ch_{id}_58]",
        )
        company.house.charge(f"ch_{id}", 700, metadata={"customer_source_id": "58"})
        company.house.put("raw_stripe.dispute", "cards",
            {"id": dispute, "charge": f"ch_{id}", "amount": 700, "currency": "usd", "status": "needs_response"})  # fmt: skip
    company.record(
        "deposit",
        "196",
        [linked("Payment", "187", "7.00", "0")],
        day(10, 20),
        deposit_to_account="35",
        total_amt=Decimal(7),
    )
    again = posted("Debit", "7.00", "80", "58") | {"Description": "Payment 187 taken back"}
    company.record("journal_entry", "195", [again, posted("Credit", "7.00", "60", place=1)], day(10, 28), private_note="dispute [tieout_reversal_187_dp_9]")  # fmt: skip


def early_links(house: Warehouse) -> None:
    """Payments of nothing, each at a rate of its own, that link a credit memo and an invoice of which one is dated after the report."""
    zero = Company(house, "zero", rates="quickbooks", sync_customers=False)
    chart(zero)
    zero.put("customer", "1", display_name="Zero", email="zero@zero.test", currency="EUR", active=True)
    euro, late = {"currency": "EUR"}, day(11, 20)
    zero.credit_memo("70", "1", "20.33", "0", exchange_rate=Decimal("1.2345"), **euro)
    zero.invoice("71", "1", "33.33", "13.00", exchange_rate=Decimal("1.1"), date=late, **euro)
    zero.payment("72", "1", "0", "0", linked("Invoice", "71", "20.33"), linked("CreditMemo", "70", "20.33"), exchange_rate=Decimal("1.1111"), date=day(10, 9), **euro)  # fmt: skip
    zero.invoice("73", "1", "20.00", "0", exchange_rate=Decimal("1.05"), **euro)
    zero.credit_memo("74", "1", "20.00", "0", exchange_rate=Decimal("1.3"), txn_date=late, **euro)
    zero.payment("75", "1", "0", "0", linked("Invoice", "73", "20.00"), linked("CreditMemo", "74", "20.00"), exchange_rate=Decimal("1.07"), date=day(10, 10), **euro)  # fmt: skip
    house.put(
        "raw_quickbooks.aged_receivables",
        "zero",
        {"customer": "1", "as_of_date": day(11, 2), "total": Decimal("-1.19")},
    )


def many_links(house: Warehouse) -> None:
    """A company in parity mode: one payment for 17 invoices. Its rates are the reference rates, and there are none."""
    strict = Company(house, "strict", parity_links=15, contact_name_as_reference=True)
    chart(strict)
    strict.put("customer", "1", display_name="Many", given_name="Mary", family_name="Shelley", active=True)
    strict.put("customer", "2", display_name="Blank", given_name=" ", active=True)
    for number in range(1, 18):
        strict.invoice(str(number), "1", f"{number}.00", "0")
    strict.payment("50", "1", "153.00", "0", *(linked("Invoice", str(number), f"{number}.00") for number in range(17, 0, -1)))  # fmt: skip
    strict.invoice("60", "2", "10.00", "10.00", currency="EUR", exchange_rate=Decimal("1.5"), due_date=day(12, 1))
    report = {"customer": "2", "as_of_date": day(11, 2), "total": Decimal(15)}
    house.put("raw_quickbooks.aged_receivables", "strict", report)
