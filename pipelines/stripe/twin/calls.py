"""What a handler of one endpoint is given."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pipelines.stripe.twin.account import StripeAccount
from pipelines.stripe.twin.expand import render, tree
from pipelines.stripe.twin.params import Params
from pipelines.stripe.twin.state import seconds


@dataclass
class Call:
    """One authorised request: the account, the id in the path ('' if none), the decoded parameters."""

    account: StripeAccount
    object_id: str
    raw: dict[str, Any]
    request_id: str = "req_0"
    _at: datetime | None = field(default=None, init=False)

    @property
    def at(self) -> datetime:
        """The instant of this write. The clock moves when it is first asked for, which is after the parameters were accepted."""
        if self._at is None:
            self._at = self.account.clock.tick()
        return self._at

    @property
    def when(self) -> int:
        """`at` in Unix seconds."""
        return seconds(self.at)

    def params(self, *allowed: str) -> Params:
        """The parameters, which may only be `allowed` ones and `expand`."""
        return Params(self.raw, allowed)

    def answer(self, kind: str, object_id: str) -> bytes:
        """The object as the answer, expanded as asked."""
        paths = Params(self.raw, self.raw).array("expand")
        return render(self.account, kind, object_id, tree(paths, kind, listed=False))

    def check_expand(self, kind: str) -> None:
        """Refuse a wrong `expand` before anything is written."""
        tree(Params(self.raw, self.raw).array("expand"), kind, listed=False)
