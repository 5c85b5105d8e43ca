"""From connections to the outbox: whose writer cannot be made, whose books were not read, and the commands."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner
from rich.console import Console

from pipelines import __main__ as cli
from pipelines import journal, writeback
from pipelines.connections import Secret
from pipelines.home import Home
from pipelines.outbox import KINDS, Outbox, State
from tests.unit.outbox_kit import Erp, deliver, key, planned, row


class Closing(Erp):
    def __init__(self) -> None:
        super().__init__()
        self.closed = 0

    def close(self) -> None:
        self.closed += 1
        raise OSError("the budget file is gone")


def books(name: str, writer: Any, *providers: str) -> Any:
    settings = SimpleNamespace(
        writeback=dict.fromkeys(KINDS, "apply"), max_writes=None, max_total=None, reconciles=lambda: providers
    )
    return SimpleNamespace(name=name, settings=settings, declared=SimpleNamespace(writer=writer))


def without_secret(_connection: Any) -> Any:
    return Secret("TIEOUT_TEST_NO_SUCH_SECRET").get_secret_value()


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    box = Outbox(tmp_path / "outbox.sqlite")
    box.plan([row(), row("eu_1", connection="books_emea")])
    yield box
    box.close()


def broken(_connection: Any) -> Any:
    raise ValueError("malformed key")


@pytest.mark.parametrize(
    ("make", "words"),
    [(without_secret, "TIEOUT_TEST_NO_SUCH_SECRET is not set"), (broken, "ValueError: malformed key")],
)
def test_a_missing_secret_stops_one_connection_and_writers_are_closed(outbox: Outbox, make: Any, words: str) -> None:
    erp = Closing()
    report = writeback.deliver(outbox, [books("books_us", make), books("books_emea", lambda _: erp)])  # type: ignore[arg-type]
    assert (report.red, [one.key for one in report.posted]) == (True, [key("eu_1")])
    assert [(one.connection, one.left) for one in report.stopped] == [("books_us", 1)]
    assert words in report.stopped[0].reason
    assert erp.closed == 1


@pytest.mark.parametrize("unread", ["books_us", "cards_us"])
def test_what_was_not_read_is_neither_planned_nor_voided_nor_sent(
    outbox: Outbox, unread: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    us, emea = Erp(), Erp()
    configured: Any = [
        books("cards_us", None),
        books("books_us", lambda _: us, "cards_us"),
        books("books_emea", lambda _: emea, "cards_eu"),
    ]
    rows = [row("ch_2"), row("eu_1", connection="books_emea"), row("eu_2", connection="books_emea")]
    monkeypatch.setattr(writeback, "planned_rows", lambda _home: rows)
    home = Home(tmp_path)
    result = writeback.plan(home, outbox, configured, without=[unread])
    assert (result.new, result.unchanged, result.voided) == ((key("eu_2"),), (key("eu_1"),), ())
    assert outbox.show(key()).intent.state == "planned"
    report = writeback.deliver(outbox, configured, without=[unread])
    assert (len(us.calls), len(emea.records), [one.connection for one in report.stopped]) == (0, 2, ["books_us"])
    result = writeback.plan(home, outbox, configured)
    assert (result.new, result.voided) == ((key("ch_2"),), (key(),)), "the next run that read it plans it"


@pytest.mark.parametrize("failed", ["books_us", "cards_us"])
def test_nothing_is_sent_to_what_could_not_be_read_last_until_it_is_read(
    outbox: Outbox, failed: str, tmp_path: Path
) -> None:
    us, emea, home = Erp(), Erp(), Home(tmp_path)
    configured: Any = [
        books("cards_us", None),
        books("books_us", lambda _: us, "cards_us"),
        books("books_emea", lambda _: emea),
    ]
    for state in ("active", "disconnected"):
        journal.write(home, {"connection": failed, "state": state, "started": "2026-11-02T09:00:00+00:00"})
    report = writeback.deliver(outbox, configured, home=home)
    assert (report.red, len(us.calls), len(emea.records)) == (True, 0, 1)
    assert [(one.connection, one.left) for one in report.stopped] == [("books_us", 1)]
    assert outbox.show(key()).intent.state == "planned"
    assert "after the next good sync" in str(outbox.show(key()).intent.blocked)
    journal.write(home, {"connection": failed, "state": "active", "started": "2026-11-02T10:00:00+00:00"})
    assert [one.key for one in writeback.deliver(outbox, configured, home=home).posted] == [key()]


def test_the_commands_know_the_outboxs_words() -> None:
    assert (tuple(state.value for state in State), KINDS) == (cli.STATES, cli.KINDS)


def test_outbox_commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"sqlite:///{tmp_path / 'outbox.sqlite'}"
    monkeypatch.setenv("TIEOUT_DATA", str(tmp_path))
    monkeypatch.setenv("TIEOUT_OUTBOX", url)
    monkeypatch.setattr(cli, "console", Console(width=300))
    box = planned(url, row(), row("po_1", kind="deposit"))

    def run(*arguments: str) -> tuple[int, str]:
        done = CliRunner().invoke(cli.main, ["outbox", *arguments])
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done.exit_code, done.output

    assert run("list", "--state", "typo")[0] == 2
    assert "'planned', 'sending'" in run("list", "--state", "typo")[1]
    assert run("list", "--kind", "deposits")[0] == 2
    code, shown = run("list", "--kind", "deposit", "--state", "planned")
    assert (code, "tieout_payment_po_1" in shown, "tieout_payment_ch_1" in shown) == (0, True, False)
    code, told = run("void", key(), "--reason", "paid twice", "--again")
    assert (code, f"{key()}~1" in told) == (0, True)
    assert box.show(f"{key()}~1").intent.void_reason == "paid twice"
    assert box.plan([row()]).new == (key(),)
    deliver(box, Erp())
    code, told = run("void", key(), "--reason", "too late", "--again")
    assert (code, "is posted and cannot become void" in told) == (1, True)
