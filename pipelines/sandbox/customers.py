"""Customers of a back office: their records in the ERP, their contacts, and how they pay."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random

from pipelines.sandbox import names
from pipelines.sandbox.books import SEGMENTS, Address, Contact, NewCustomer
from pipelines.sandbox.model import Customer
from pipelines.sandbox.office import Office

TERMS = (14, 30, 45, 60)  # days
_DEEPEST = 3  # levels below a customer that has customers of its own
_COMMENTS = ("Call before sending a reminder.", "Pays on Thursdays; asks for a statement.")
_OWNERS = ("ar.lee@meridian.example", "ar.moreno@meridian.example", "ar.novak@meridian.example")
_TITLES = ("Accounts Payable", "Controller", "CFO", "Office Manager", "Buyer")


class Directory:
    """Makes customers and keeps count of their ids. `since` is when the company began to trade."""

    def __init__(self, office: Office, rng: Random, since: datetime) -> None:
        self.office, self.rng, self.since = office, rng, since
        self._made = self._naturals = 0
        self._parents: list[tuple[str, int, str]] = []  # id, depth and currency

    def natural(self, room: int = 1) -> list[Customer]:
        """A customer like any other: one in eight buys in a second currency, one in four pays through the payment provider. Where the
        ERP keeps a customer in one currency there is one record for each, as far as there is `room`."""
        rng, office = self.rng, self.office
        codes, home = office.profile.currencies, office.profile.takes
        first = rng.choices(codes, [6 if code == codes[0] else 3 if code in home else 1 for code in codes])[0]
        if self._naturals < len(codes):  # the first ones, so that no currency is missing in a small company
            first = codes[self._naturals]
        self._naturals += 1
        others = [code for code in codes if code != first]
        more = min(2 if rng.random() < 0.15 else 1, len(others))
        currencies = (first, *rng.sample(others, more)) if rng.random() < 0.12 else (first,)
        method = rng.choices(["bank", "card", "debit"], [55, 30, 15])[0]
        terms, typical = rng.choice(TERMS), 120.0 * 2 ** rng.gauss(2.2, 1.2)
        every = min(120.0, max(7.0, rng.lognormvariate(3.38, 0.55)))
        kept: list[tuple[str, ...]] = [currencies]
        if office.books.one_currency:
            kept = [(code,) for code in currencies[:room]]
        made: list[Customer] = []
        for held in kept:
            parent = self._parent(held[0])
            customer = self.make(
                currencies=held,
                method=method if held[0] in home else "bank",
                terms=terms,
                typical=typical,
                every=every,
                parent=parent,
                name=made[0].name if made else None,
                person=made[0].person if made else None,
            )
            depth = parent[1] + 1 if parent else 0
            if depth < _DEEPEST and (
                parent is None or rng.random() < 0.3
            ):  # a third of children have children of their own
                self._parents.append((customer.id, depth, held[0]))
            made.append(customer)
        return made

    def _parent(self, currency: str) -> tuple[str, int, str] | None:
        """One in six belongs to another customer; where a customer has one currency, to one of the same."""
        fitting = self._parents
        if self.office.books.one_currency:
            fitting = [parent for parent in fitting if parent[2] == currency]
        return self.rng.choice(fitting) if fitting and self.rng.random() < 0.18 else None

    def special(
        self, name: str, currency: str, method: str = "bank", subsidiary: str | None = None, also: str | None = None,
        *, inactive: bool = False,
    ) -> Customer:  # fmt: skip
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
            inactive=inactive,
        )

    def make(
        self, *, currencies: tuple[str, ...], method: str, terms: int, typical: float, every: float, parent: tuple[str, int, str] | None = None,
        name: str | None = None, person: tuple[str, str] | None = None, subsidiary: str | None = None, also: str | None = None,
        inactive: bool = False,
    ) -> Customer:  # fmt: skip
        """Enter a customer with its relationships and contacts."""
        rng, office = self.rng, self.office
        number, self._made = self._made, self._made + 1
        drawn = names.person(rng)
        is_person = person is not None or (name is None and number % 17 == 16)
        who = (person or drawn) if is_person else None
        shown = name or (" ".join(drawn) if is_person else names.company(rng, office.profile.country, number))
        host = names.domain(shown, number)
        contacts = self._contacts(host)
        primary = subsidiary or office.profile.subsidiary
        unused = (
            name is None and number % 41 == 40 and not office.books.one_currency
        )  # QuickBooks refuses to sell to such
        customer_id = office.books.add_customer(
            NewCustomer(
                name=shown,
                person=who,
                email=f"ap@{host}",
                phone=f"+1 555 {number // 10000:03}-{number % 10000:04}",
                currency=currencies[0],
                terms=terms,
                parent=parent[0] if parent else None,
                subsidiary=primary,
                also=also,
                credit_limit=rng.choice([None, 5000, 20000, 50000]),
                comments=rng.choice([None, None, *_COMMENTS]),
                segment=rng.choice(SEGMENTS),
                owner=rng.choice(_OWNERS) if number % 5 else None,
                external_id=f"crm-{number}" if number % 3 == 0 else None,
                inactive=inactive or unused,
                contacts=contacts,
                billing=self._address(shown, number, "billing"),
                shipping=self._address(shown, number, "shipping") if number % 3 else None,
                at=self.since + timedelta(minutes=number),
            )
        )
        return Customer(
            customer_id, shown, f"ap@{host}", currencies, terms, method, typical, every, primary, person=who,
            contact_email=next((contact.email for contact in contacts if not contact.inactive), None),
        )  # fmt: skip

    def _address(self, addressee: str, number: int, kind: str) -> Address:
        """Drawn from the customer's own number, so that nothing else is drawn differently."""
        rng = Random(f"{self.office.profile.country} {number} {kind}")
        city, region, postal_code = names.place(rng, self.office.profile.country)
        attention = rng.choice([None, *_TITLES]) if kind == "billing" else None
        house, road = rng.randrange(1, 990), names.street(rng)
        suite = f"Suite {rng.randrange(100, 900)}" if rng.random() < 0.3 else None
        return Address(
            addressee, attention, f"{house} {road}", suite, city, region, postal_code, self.office.profile.country
        )

    def _contacts(self, host: str) -> list[Contact]:
        """One to three people, one in ten of them gone."""
        made = []
        for place in range(self.rng.choice([1, 1, 2, 3])):
            given, family = names.person(self.rng)
            made.append(
                Contact(
                    given=given,
                    family=family,
                    title=self.rng.choice(_TITLES),
                    email=f"{given}.{family}{place}@{host}".lower(),
                    phone=f"+1 555 01{place:02}",
                    mobile=f"+1 555 02{place:02}" if place else None,
                    inactive=self.rng.random() < 0.1,
                )
            )
        return made
