"""The books of an office that keeps them in NetSuite."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from pipelines.netsuite.twin import books as twin
from pipelines.sandbox import netsuite_chart, netsuite_survey
from pipelines.sandbox.books import Address, Apply, Chart, Clock, Heading, JournalLine, Line, NewCustomer, OtherLine
from pipelines.sandbox.netsuite_chart import ACCOUNTS, CATEGORIES, FIRST_BANK, ITEMS, METHODS, TERMS
from pipelines.sandbox.profile import Profile
from pipelines.sandbox.survey import Survey

_FIRST_CUSTOMER, _FIRST_CONTACT, _FIRST_ADDRESS = 1001, 5_000_001, 7_000_000
_CITING = """
select id from transaction where type = 'CustPymt' and (contains(coalesce(memo, ''), '{0}') or contains(coalesce(externalid, ''), '{0}'))
order by id
"""


class NetSuiteBooks:
    """`Books` over the twin of a NetSuite account."""

    system, one_currency = "netsuite", False

    def __init__(self, profile: Profile, clock: Clock, since: date) -> None:
        self.profile = profile
        self.twin = twin.Books(profile.account_id, clock, time_zone=profile.zone, base_currency=profile.base)
        self.currencies = {code: str(number) for number, code in enumerate(profile.currencies, 1)}
        banks = {code: str(FIRST_BANK + place) for place, code in enumerate(profile.currencies)}
        self.chart = Chart(banks=banks, methods=METHODS, items=ITEMS, fee_vendor=netsuite_chart.FEE_VENDOR, **ACCOUNTS)
        self._customers = self._contacts = self._relations = self._addresses = 0
        netsuite_chart.fill(self.twin, profile, self.currencies, banks, since, clock.now().date())

    def add_customer(self, new: NewCustomer) -> str:
        """Enter a customer with its relationships and contacts."""
        customer_id = str(_FIRST_CUSTOMER + self._customers)
        self._customers += 1
        given, family = new.person or (None, None)
        self.twin.add(
            "customer",
            id=customer_id,
            entityid=f"C{customer_id} {new.name}"[:80],
            companyname=None if new.person else new.name,
            firstname=given,
            lastname=family,
            altname=new.name,
            isperson="T" if new.person else "F",
            email=new.email,
            phone=new.phone,
            parent=new.parent,
            currency=self.currencies[new.currency],
            terms=TERMS[new.terms],
            creditlimit=new.credit_limit,
            comments=new.comments,
            externalid=new.external_id,
            isinactive="T" if new.inactive else "F",
            custentity_segment=new.segment,
            category=CATEGORIES[new.segment],
            defaultbillingaddress=self._enter_address(customer_id, new.billing, new),
            defaultshippingaddress=self._enter_address(customer_id, new.shipping, new),
            custentity_ar_owner_email=new.owner,
            datecreated=new.at,
            lastmodifieddate=new.at,
        )
        self._relate(customer_id, new.subsidiary, new, primary=True)
        if new.also is not None:
            self._relate(customer_id, new.also, new, primary=False)
        self._enter_contacts(customer_id, new)
        return customer_id

    def _enter_address(self, customer_id: str, address: Address | None, new: NewCustomer) -> str | None:
        if address is None:
            return None
        self._addresses += 1
        key = str(_FIRST_ADDRESS + self._addresses)
        self.twin.add(
            "entityaddress",
            nkey=key,
            recordowner=customer_id,
            addressee=address.addressee,
            attention=address.attention,
            addr1=address.line1,
            addr2=address.line2,
            city=address.city,
            state=address.region,
            dropdownstate=address.region,
            zip=address.postal_code,
            country=address.country,
            addrphone=new.phone,
            override="F",
            lastmodifieddate=new.at,
        )
        return key

    def _relate(self, customer_id: str, subsidiary: str, new: NewCustomer, *, primary: bool) -> None:
        self._relations += 1
        self.twin.add(
            "customersubsidiaryrelationship",
            id=str(self._relations),
            entity=customer_id,
            subsidiary=subsidiary,
            isprimarysub="T" if primary else "F",
            primarycurrency=self.currencies[new.currency],
            inactive="F",
            lastmodifieddate=new.at,
        )

    def _enter_contacts(self, customer_id: str, new: NewCustomer) -> None:
        for contact in new.contacts:
            self.twin.add(
                "contact",
                id=str(_FIRST_CONTACT + self._contacts),
                entityid=f"{contact.given} {contact.family}",
                company=customer_id,
                firstname=contact.given,
                lastname=contact.family,
                title=contact.title,
                email=contact.email,
                phone=contact.phone,
                mobilephone=contact.mobile,
                isinactive="T" if contact.inactive else "F",
                datecreated=new.at,
                lastmodifieddate=new.at,
            )
            self._contacts += 1

    def rename_customer(self, customer_id: str, name: str, at: datetime) -> None:
        self.twin.edit_customer(customer_id, at=at, companyname=name, altname=name)

    def enter_rate(self, currency: str, day: date, rate: Decimal) -> None:
        place = self.profile.currencies.index(currency) - 1
        self.twin.add(
            "currencyrate",
            id=str((day.year * 12 + day.month) * 10 + place),
            basecurrency=self.currencies[self.profile.base],
            transactioncurrency=self.currencies[currency],
            exchangerate=rate,
            effectivedate=day,
        )

    def post_invoice(
        self, head: Heading, lines: Sequence[Line], *, due: date, number: str, terms: int, memo: str | None = None,
        other_ref: str | None = None, contact: str | None = None,
    ) -> str:  # fmt: skip
        return self.twin.post_invoice(
            **self._head(head), due_date=due, lines=_lines(lines), number=number, memo=memo, other_ref=other_ref, terms=TERMS[terms],
            po_contact=contact,
        )  # fmt: skip

    def post_credit_memo(self, head: Heading, lines: Sequence[Line], *, apply: Apply = (), memo: str) -> str:
        return self.twin.post_credit_memo(**self._head(head), lines=_lines(lines), apply=apply, memo=memo)

    def post_payment(
        self, head: Heading, amount: Decimal, *, account: str | None, method: str, apply: Apply = (), memo: str
    ) -> str:
        return self.twin.post_payment(
            **self._head(head), amount=amount, account=account, apply=apply, memo=memo, method=method
        )

    def post_deposit(
        self, head: Heading, account: str, payments: Sequence[str], *, other: Sequence[OtherLine] = (), memo: str
    ) -> str:
        free = [twin.OtherLine(line.account, line.amount, line.memo, entity=line.vendor) for line in other]
        return self.twin.post_deposit(
            **self._head(head, customer=False), account=account, payments=payments, other=free, memo=memo
        )

    def post_journal(self, head: Heading, lines: Sequence[JournalLine], *, memo: str) -> list[str]:
        rows = [twin.JournalLine(line.account, line.debit, line.credit, line.customer, line.memo) for line in lines]
        made = self.twin.post_journal(**self._head(head, customer=False), lines=rows, memo=memo)
        return [f"{made}.{line}" for line in self.twin.doc(made).items]

    def refund_payment(
        self, head: Heading, payment_id: str, amount: Decimal, *, kept: Apply, account: str, memo: str
    ) -> None:
        """Unapply what is given back; a customer refund consumes it."""
        self.twin.set_applications(payment_id, kept, at=head.at)
        self.refund_credit(head, payment_id, amount, account=account, memo=memo)

    def refund_credit(self, head: Heading, credit_id: str, amount: Decimal, *, account: str, memo: str) -> None:
        self.twin.post_refund(
            **self._head(head), amount=amount, account=account, apply=[(credit_id, amount)], memo=memo
        )

    def set_applications(self, source_id: str, apply: Apply, *, at: datetime) -> None:
        self.twin.set_applications(source_id, apply, at=at)

    def edit(self, transaction_id: str, *, at: datetime, due: date | None = None, memo: str | None = None) -> None:
        changes: dict[str, Any] = {"duedate": due, "memo": memo}
        self.twin.edit(transaction_id, at=at, **{name: value for name, value in changes.items() if value is not None})

    def replace_amount(self, invoice_id: str, amount: Decimal, *, at: datetime) -> None:
        item, _, account = self.chart.items[0]
        self.twin.change_lines(invoice_id, [twin.Line(account, amount, "Corrected", item, Decimal(1))], at=at)

    def delete(self, transaction_id: str, *, at: datetime) -> None:
        self.twin.delete(transaction_id, at=at)

    def exists(self, transaction_id: str) -> bool:
        return int(transaction_id) in self.twin.store.docs

    def unpaid(self, transaction_id: str) -> Decimal:
        found = self.twin.store.docs.get(int(transaction_id))
        return found.items[0].open if found else Decimal(0)

    def citing(self, reference: str) -> list[str]:
        return [str(row["id"]) for row in self.twin.rows(_CITING.format(reference))]

    def survey(self, excluded: str) -> Survey:
        return netsuite_survey.read(self.twin, int(self.profile.subsidiary), int(excluded))

    def flush(self) -> None:
        self.twin.flush()

    def close(self) -> None:
        with self.twin.lock:
            self.twin.store.con.close()

    def _head(self, head: Heading, *, customer: bool = True) -> dict[str, Any]:
        """A heading in the twin's words."""
        words = {
            "subsidiary": head.subsidiary, "currency": self.currencies[head.currency], "exchange_rate": head.exchange_rate,
            "date": head.date, "at": head.at,
        }  # fmt: skip
        return {"customer": head.customer, **words} if customer else words


def _lines(lines: Sequence[Line]) -> list[twin.Line]:
    return [twin.Line(line.account, line.amount, line.memo, line.item, line.quantity) for line in lines]
