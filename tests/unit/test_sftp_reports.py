"""What becomes of a report: which speak for the books, which wait for a person, and why."""

import tomllib
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from pipelines.sftp.reading import BadRow, Line, Reading
from pipelines.sftp.reports import Previous, Report, decided, placed
from pipelines.sftp.settings import SftpSettings

PROFILE = {
    "date_format": "dd/mm/yyyy",
    "currency": "EUR",
    "columns": {"invoice_ref": "i", "customer_ref": "c", "open_amount": "o"},
}
BASE: dict[str, Any] = {
    "host": "sftp.example.com",
    "username": "tieout",
    "host_key": "ssh-ed25519 AAAA comment",
    "private_key": "${DROP_KEY}",
    "file_pattern": r"(?P<scope>[a-z]+)_(?P<date>\d{8})\.csv",
    "file_date_format": "yyyymmdd",
    "profile": PROFILE,
}


def settings(**changes: Any) -> SftpSettings:
    return SftpSettings(**{**BASE, **changes})


def report(name: str = "north_20260105.csv", modified_at: int = 1_767_600_000, **changes: Any) -> Report:
    return placed(replace(Report("sha", "sha", name, f"in/{name}", 1000, modified_at), **changes), settings())


def reading(*refs: str, **changes: Any) -> Reading:
    lines = tuple(Line(number, ref, "c", "EUR", Decimal("1.10")) for number, ref in enumerate(refs, 2))
    return replace(Reading(lines, row_count=len(refs)), **changes)


BAD = BadRow(4, "i4", "bad_amount", "'x' is not an amount", "correct it", {})
PREVIOUS = Previous(replace(report("north_20251229.csv"), status="applied", sequence=1), frozenset("abcd"))


def decide(
    item: Report, what: Reading, previous: Previous | None = PREVIOUS, confirmed: bool = False, **changes: Any
) -> Report:
    return decided(item, what, previous, settings(**changes), connection="drop", confirmed=confirmed)


def test_date_and_scope_come_from_the_file_name_else_from_the_clock_in_the_connections_zone() -> None:
    named = report()
    assert (named.report_date, named.scope, named.is_dated) == ("2026-01-05", "north", True)
    late = Report("sha", "sha", "any.csv", "any.csv", 1, 1_767_653_999)  # 2026-01-05 22:59:59 UTC
    by_clock = placed(late, settings(file_pattern=r".+\.csv", time_zone="Europe/Berlin", scope="all"))
    assert (by_clock.report_date, by_clock.scope, by_clock.is_dated) == ("2026-01-05", "all", False)
    assert (
        placed(
            replace(late, modified_at=late.modified_at + 1), settings(file_pattern=".+", time_zone="Europe/Berlin")
        ).report_date
        == "2026-01-06"
    )


@pytest.mark.parametrize("name", ["readme.txt", "north_20261399.csv"])
def test_a_name_that_does_not_fit_rejects_the_file_with_a_remedy(name: str) -> None:
    rejected = decide(report(name), reading("a"))
    assert rejected.status == "rejected"
    assert "Remedy" in (rejected.reason or "")
    assert rejected.sequence is None


@pytest.mark.parametrize(
    ("what", "status", "words"),
    [
        (reading("a", "b", "c", "e"), "applied", None),
        (reading("a", "b"), "applied", None),  # half may close
        (reading("a", "e", "f"), "held_mass_close", "3 of the 4"),
        (reading("e", "f", "g", "h"), "held_mass_close", "4 of the 4"),
        (reading(), "held_empty", "lists nothing"),
        (reading("a", "b", truncated="the last line is incomplete"), "held_truncated", "incomplete"),
        (reading("a", "b", "c", final_newline=False), "held_truncated", "no line end"),
        (reading("a", "b", "c", bad_rows=(BAD,)), "held_bad_rows", "line 4, i4"),
        (reading(problems=("missing columns: o (open_amount). Remedy: x",)), "rejected", "missing columns"),
    ],
)
def test_status_against_the_report_before(what: Reading, status: str, words: str | None) -> None:
    outcome = decide(report(), what)
    assert outcome.status == status
    assert (words is None) == (outcome.reason is None)
    assert words is None or (words in (outcome.reason or "") and "north_20260105.csv" in (outcome.reason or ""))


def test_the_first_report_of_a_scope_closes_nothing_and_is_applied() -> None:
    outcome = decide(report(), reading("x", "y", final_newline=False), None)
    assert (outcome.status, outcome.total, outcome.row_count) == ("applied", "2.20", 2)


def test_the_share_that_may_close_is_a_setting_but_never_everything() -> None:
    assert decide(report(), reading("a"), max_close_share="1").status == "applied"
    assert decide(report(), reading("z"), max_close_share="1").status == "held_mass_close"
    assert decide(report(), reading("a", "b", "c"), max_close_share="0").status == "held_mass_close"


def test_fewer_rows_or_bytes_than_configured_is_a_truncated_report() -> None:
    assert decide(report(), reading("a", "b", "c"), min_rows=4).status == "held_truncated"
    assert decide(report(), reading("a", "b", "c"), min_bytes=1001).status == "held_truncated"


def test_what_would_close_is_unknown_without_the_kept_copy_so_a_person_is_asked() -> None:
    outcome = decide(report(), reading("a", "b", "c", "d"), replace(PREVIOUS, refs=None))
    assert outcome.status == "held_mass_close"
    assert "landing" in (outcome.reason or "")


@pytest.mark.parametrize("what", [reading("a"), reading(), reading("a", truncated="cut")])
def test_an_older_report_closes_nothing_and_asks_nobody(what: Reading) -> None:
    assert decide(report("north_20251222.csv"), what).status == "ignored_older"
    assert decide(report("north_20251222.csv"), what, confirmed=True).status == "ignored_older"


def test_of_several_reports_a_day_the_last_one_wins() -> None:
    morning = Previous(replace(report(modified_at=1000), status="applied", sequence=1), frozenset("abc"))
    assert decide(report(modified_at=1001), reading("a", "b"), morning).status == "applied"
    assert decide(report(modified_at=999), reading("a", "b"), morning).status == "ignored_older"


@pytest.mark.parametrize(
    "what", [reading(), reading("z"), reading("a", bad_rows=(BAD,)), reading("a", truncated="cut")]
)
def test_a_confirmed_report_is_applied_and_says_so(what: Reading) -> None:
    outcome = decide(report(), what, confirmed=True)
    assert outcome.status == "applied"
    assert "confirmed by a person" in (outcome.reason or "")


def test_no_confirmation_lets_an_unreadable_file_through() -> None:
    assert decide(report(), reading(problems=("nothing fits",)), confirmed=True).status == "rejected"


def test_a_scope_or_date_column_must_hold_one_value() -> None:
    columns = {**PROFILE["columns"], "scope": "Entity", "report_date": "As of"}  # type: ignore[dict-item]
    chosen = settings(file_pattern=".+", profile={**PROFILE, "columns": columns})
    one = reading("a", "b")
    lines = tuple(replace(line, scope="north", report_date=date(2026, 1, 4)) for line in one.lines)
    item = placed(Report("s", "s", "x.csv", "x.csv", 1, 1_767_600_000), chosen, replace(one, lines=lines))
    assert (item.report_date, item.scope) == ("2026-01-04", "north")
    mixed = replace(one, lines=(lines[0], replace(lines[1], scope="south")))
    assert placed(Report("s", "s", "x.csv", "x.csv", 1, 1_767_600_000), chosen, mixed).status == "rejected"


@pytest.mark.parametrize(
    "wrong",
    [
        {"private_key": None},
        {"private_key": "-----BEGIN OPENSSH PRIVATE KEY-----"},
        {"private_key_file": "key"},
        {"host_key": "SHA256:abc"},
        {"file_pattern": "("},
        {"password": "hunter2"},
        {"max_close_share": "1.5"},
    ],
)
def test_settings_that_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        settings(**wrong)


def test_the_fingerprint_moves_with_what_decides_and_with_nothing_else() -> None:
    assert settings().fingerprint == settings(host="other.example.com", sync_every="daily").fingerprint
    assert settings().fingerprint != settings(max_close_share="0.4").fingerprint
    assert settings().fingerprint != settings(profile={**PROFILE, "decimal": ","}).fingerprint


def test_the_profiles_in_the_docs_are_valid() -> None:
    text = (Path(__file__).resolve().parents[2] / "docs" / "systems" / "sftp.md").read_text("utf-8")
    tables = [
        table for block in text.split("```toml")[1:] for table in tomllib.loads(block.split("```")[0])["sftp"].values()
    ]
    assert [SftpSettings(**table).layout.currency for table in tables] == ["EUR", None, "EUR", None]
