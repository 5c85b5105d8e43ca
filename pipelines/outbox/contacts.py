"""Contacts that people add by hand: kept here, because the warehouse can be rebuilt and an ERP does not know them."""

import hashlib

from sqlalchemy import delete, insert, select

from pipelines.outbox.model import iso, manual_contact
from pipelines.outbox.store import Store
from pipelines.system import TieoutError

PHONE_TYPES = ("primary", "mobile")


def add(
    store: Store, connection: str, customer_id: str, name: str | None, email: str | None, phone: str | None, phone_type: str
) -> str:  # fmt: skip
    """The contact's id, made of what it says: the same once more is the same contact. Raises TieoutError for one that nobody can reach."""
    if not (email or phone):
        raise TieoutError(
            f"A contact of {customer_id} needs an e-mail address or a phone number. Remedy: --email or --phone"
        )
    said = {
        "customer_id": customer_id,
        "contact_name": name,
        "email": email,
        "phone": phone,
        "phone_type": phone_type if phone else None,
    }
    contact_id = hashlib.sha256(repr(said).encode()).hexdigest()[:12]
    key = {"connection": connection, "contact_id": contact_id}
    with store.writing(alone=True) as db:
        if db.execute(select(manual_contact).filter_by(**key)).first() is None:
            db.execute(insert(manual_contact).values(**key, **said, added_at=store.now()))
    return contact_id


def remove(store: Store, connection: str, contact_id: str) -> None:
    """Raises TieoutError if there is none of that id."""
    where = (manual_contact.c.connection == connection) & (manual_contact.c.contact_id == contact_id)
    with store.writing(alone=True) as db:
        if not db.execute(delete(manual_contact).where(where)).rowcount:
            raise TieoutError(
                f"{connection} has no contact {contact_id} added by hand. Remedy: see contact_id in ledger.ar_contacts"
            )


def rows(store: Store) -> list[dict[str, str | None]]:
    """As the warehouse loads them: every value a text."""
    with store.reading() as db:
        found = db.execute(
            select(manual_contact).order_by(manual_contact.c.added_at, manual_contact.c.contact_id)
        ).mappings()
        return [{**row, "added_at": iso(row["added_at"])} for row in found]
