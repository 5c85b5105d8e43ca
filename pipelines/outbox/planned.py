"""One row of a `wb_*` model, checked: what may become an intent, and what is wrong with what may not."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pipelines import money
from pipelines.outbox.model import IntentRow
from pipelines.system import Intent


class BadRow(ValueError):
    """A planned row that is no intent; says which column and why."""


@dataclass(frozen=True)
class Conflict:
    """A planned row, or an intent, that cannot be taken as it is.

    `connection` may be empty where the row has none.
    """

    key: str
    connection: str
    reason: str

    def __str__(self) -> str:
        return f"{self.connection} {self.key}: {self.reason}"


@dataclass(frozen=True)
class Planned:
    """One checked row of a `wb_*` model."""

    intent: Intent
    subject_key: str
    customer_key: str | None
    amount: Decimal
    currency: str
    evidence: str | None

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "Planned":
        """Raises BadRow.

        `payload` is JSON text or a mapping, with amounts as strings; `amount` decimal or decimal text.
        """
        key, connection, kind, currency = (
            _text(row, column) for column in ("intent_key", "connection", "kind", "currency")
        )
        amount = row.get("amount")
        if isinstance(amount, float):
            raise BadRow("amount is a float. Remedy: select a decimal.")
        try:
            value = money.parse(str(amount), currency)
        except money.NotMoney as error:
            raise BadRow(f"amount {error}") from error
        evidence = row.get("evidence")
        return cls(
            intent=Intent(key=key, connection=connection, kind=kind, payload=_payload(row.get("payload"))),
            subject_key=_text(row, "subject_key"),
            customer_key=None if row.get("customer_key") is None else str(row["customer_key"]),
            amount=value,
            currency=currency,
            evidence=None if evidence is None else str(evidence),
        )

    def values(self) -> dict[str, Any]:
        wanted = self.intent
        return {
            "key": wanted.key,
            "connection": wanted.connection,
            "kind": wanted.kind,
            "subject_key": self.subject_key,
            "customer_key": self.customer_key,
            "amount": money.text(self.amount, self.currency),
            "currency": self.currency,
            "payload": json.dumps(wanted.payload, sort_keys=True, ensure_ascii=False),
            "payload_hash": wanted.payload_hash,
            "evidence": self.evidence,
        }

    @property
    def key(self) -> str:
        return self.intent.key

    @property
    def connection(self) -> str:
        return self.intent.connection

    @property
    def kind(self) -> str:
        return self.intent.kind

    @property
    def value(self) -> Decimal:
        return self.amount

    @property
    def body(self) -> Mapping[str, Any]:
        return self.intent.payload

    @property
    def content(self) -> tuple[Any, ...]:
        """As IntentRow.content: the write first, its amount last."""
        return (self.intent.connection, self.intent.kind, self.currency, self.intent.payload_hash, self.amount)

    def same_as(self, row: IntentRow) -> bool:
        return self.content == row.content

    def same_write(self, row: IntentRow) -> bool:
        """Whether the same would be sent. A reversal's amount is not sent: it is what is applied today."""
        return self.content[:-1] == row.content[:-1]


def _text(row: Mapping[str, Any], column: str) -> str:
    value = row.get(column)
    if not isinstance(value, str) or not value:
        raise BadRow(f"{column} is {value!r}, not a text. Remedy: see the wb_ models' contract.")
    return value


def _payload(given: Any) -> dict[str, Any]:
    try:
        payload = (
            json.loads(given, parse_float=_no_float)
            if isinstance(given, str)
            else json.loads(json.dumps(given), parse_float=_no_float)
        )
    except (TypeError, json.JSONDecodeError) as error:
        raise BadRow(f"payload is not JSON ({error})") from error
    if not isinstance(payload, dict):
        raise BadRow("payload is not a JSON object")
    return payload


def _no_float(text: str) -> Any:
    raise BadRow(f"payload has the number {text}. Remedy: amounts are strings.")
