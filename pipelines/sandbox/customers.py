"""Customers of a back office: their records in the ERP, their contacts, and how they pay."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random

from pipelines.sandbox import names
from pipelines.sandbox.model import Customer
from pipelines.sandbox.office import TERMS, Office

_FIRST_ID = 1001
_SEGMENTS = ("Enterprise", "Mid-market", "Small business", "Public sector")
_OWNERS = ("ar.lee@meridian.example", "ar.moreno@meridian.example", "ar.novak@meridian.example")
_TITLES = ("Accounts Payable", "Controller", "CFO", "Office Manager", "Buyer")
_STRIPE_CURRENCIES = {"US": ("USD",), "GB": ("EUR", "GBP")}


class Directory:
    """Makes customers and keeps count of their ids. `since` is when the company began to trade."""

    def __init__(self, office: Office, rng: Random, since: datetime) -> None:
        self.office, self.rng, self.since = office, rng, since
        self._made = 0
        self._parents: list[str] = []
        self._contacts = 0
        self._relations = 0

    def natural(self) -> Customer:
        """A customer like any other: one in eight buys in a second currency, one in four pays through the payment provider."""
        rng, office = self.rng, self.office
        codes = list(office.profile.currencies)
        home = _STRIPE_CURRENCIES[office.profile.country]
        first = rng.choices(codes, [6 if code == codes[0] else 3 if code in home else 1 for code in codes])[0]
        others = [code for code in codes if code != first]
        currencies = (first, *rng.sample(others, 2 if rng.random() < 0.15 else 1)) if rng.random() < 0.12 else (first,)
        method = rng.choices(["bank", "card", "debit"], [55, 30, 15])[0] if first in home else "bank"
        parent = rng.choice(self._parents) if self._parents and rng.random() < 0.18 else None
        customer = self.make(
            currencies=currencies,
            method=method,
            terms=rng.choice(list(TERMS)),
            typical=120.0 * 2 ** rng.gauss(2.2, 1.2),
            every=min(120.0, max(7.0, rng.lognormvariate(3.38, 0.55))),
            parent=parent,
        )
        if parent is None or rng.random() < 0.3:  # a third of children have children of their own
            self._parents.append(customer.id)
        return customer

    def special(
        self, name: str, currency: str, method: str = "bank", subsidiary: str | None = None, also: str | None = None
    ) -> Customer:
        """A customer with a part to play. `subsidiary` is its primary one, `also` a secondary one."""
        return self.make(
            currencies=(currency,),
            method=method,
            terms=30,
            typical=900.0,
            every=30.0,
            name=name,
            subsidiary=subsidiary,
            also=also,
        )

    def make(
        self,
        *,
        currencies: tuple[str, ...],
        method: str,
        terms: int,
        typical: float,
        every: float,
        parent: str | None = None,
        name: str | None = None,
        subsidiary: str | None = None,
        also: str | None = None,
    ) -> Customer:
        """Enter a customer with its relationships and contacts."""
        number, self._made = self._made, self._made + 1
        customer_id = str(_FIRST_ID + number)
        is_person = name is None and number % 17 == 16
        given, family = names.person(self.rng)
        shown = name or (
            f"{given} {family}" if is_person else names.company(self.rng, self.office.profile.country, number)
        )
        host = names.domain(shown, number)
        at = self.since + timedelta(minutes=number)
        self.office.books.add(
            "customer",
            id=customer_id,
            entityid=f"C{customer_id} {shown}"[:80],
            companyname=None if is_person else shown,
            firstname=given if is_person else None,
            lastname=family if is_person else None,
            altname=shown,
            isperson="T" if is_person else "F",
            email=f"ap@{host}",
            phone=f"+1 555 {number // 10000:03}-{number % 10000:04}",
            parent=parent,
            currency=self.office.currency_id(currencies[0]),
            terms=TERMS[terms],
            creditlimit=self.rng.choice([None, 5000, 20000, 50000]),
            comments=self.rng.choice(
                [None, None, "Call before sending a reminder.", "Pays on Thursdays; asks for a statement."]
            ),
            externalid=f"crm-{customer_id}" if number % 3 == 0 else None,
            isinactive="T" if name is None and number % 41 == 40 else "F",
            custentity_segment=self.rng.choice(_SEGMENTS),
            custentity_ar_owner_email=self.rng.choice(_OWNERS) if number % 5 else None,
            datecreated=at,
            lastmodifieddate=at,
        )
        primary = subsidiary or self.office.profile.subsidiary
        self._relate(customer_id, primary, currencies[0], at, primary=True)
        if also is not None:
            self._relate(customer_id, also, currencies[0], at, primary=False)
        contact = self._enter_contacts(customer_id, host, at)
        return Customer(
            customer_id, shown, f"ap@{host}", currencies, terms, method, typical, every, primary, contact_email=contact
        )

    def _relate(self, customer_id: str, subsidiary: str, currency: str, at: datetime, *, primary: bool) -> None:
        self._relations += 1
        self.office.books.add(
            "customersubsidiaryrelationship",
            id=str(self._relations),
            entity=customer_id,
            subsidiary=subsidiary,
            isprimarysub="T" if primary else "F",
            primarycurrency=self.office.currency_id(currency),
            inactive="F",
            lastmodifieddate=at,
        )

    def _enter_contacts(self, customer_id: str, host: str, at: datetime) -> str | None:
        """One to three contacts, one in ten inactive; returns the first active one's address."""
        chosen: str | None = None
        for place in range(self.rng.choice([1, 1, 2, 3])):
            self._contacts += 1
            given, family = names.person(self.rng)
            inactive = self.rng.random() < 0.1
            email = f"{given}.{family}{place}@{host}".lower()
            self.office.books.add(
                "contact",
                id=str(5_000_000 + self._contacts),
                entityid=f"{given} {family}",
                company=customer_id,
                firstname=given,
                lastname=family,
                title=self.rng.choice(_TITLES),
                email=email,
                phone=f"+1 555 01{place:02}",
                mobilephone=f"+1 555 02{place:02}" if place else None,
                isinactive="T" if inactive else "F",
                datecreated=at,
                lastmodifieddate=at,
            )
            if not inactive and chosen is None:
                chosen = email
        return chosen
