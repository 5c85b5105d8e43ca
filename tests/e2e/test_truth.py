"""Truth to the cent, for five companies: what the ledger says, which breaks it finds, and that living on changes nothing of that."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from pipelines import load
from tests.e2e.tie_out import differences, marts
from tests.e2e.world import World, forget, world

# When a thing was read is the one fact that a rebuild cannot know.
MEMORY = {"first_seen_at", "last_synced_at"}
LIVE_LINES = "where document_key in (select document_key from ledger.ar_documents where not is_deleted)"


@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", [1, 2, 3, 4, 5])
def test_the_ledger_ties_out_before_and_after_writing_back_and_a_month_later(seed: int, tmp_path: Path) -> None:
    with world(tmp_path, seed=seed) as company:
        company.ingest()
        company.transform(tests=seed == 1)
        assert differences(company, company.truth()) == []

        if seed == 2:
            again = company.ingest()
            assert {name: report.rows for name, report in again.items()} == dict.fromkeys(again, 0)

        write_back(company)
        assert differences(company, company.truth()) == []
        if seed == 1:
            noted = company.rows(
                "select distinct connection from ledger.ar_documents where memo like 'Payment % no longer counts: %' order by 1"
            )
            assert [row["connection"] for row in noted] == ["books_us", "qbo_us"], "the rule's note is in either ERP"

        company.advance(30)
        company.ingest()
        company.transform()
        assert differences(company, company.truth()) == []
        assert_equal_to_a_rebuild(company, tmp_path / "rebuilt")
        forget(company.home)


def write_back(company: World) -> None:
    """Payments, then the deposits they make possible, until the plan is empty."""
    for _round in range(4):
        assert not company.plan().red
        report = company.deliver()
        assert not report.red, str(report)
        if not report.posted:
            return
        company.ingest(*(item.name for item in company.connections if item.declared.writer))
        company.transform()
    raise AssertionError("the plan never became empty")


def assert_equal_to_a_rebuild(company: World, root: Path) -> None:
    rebuilt = company.beside(root)
    rebuilt.ingest()
    # The outbox is not rebuilt from anything: it is the same one, with what its write-ahead log still holds.
    with closing(sqlite3.connect(company.home.outbox)) as ours, closing(sqlite3.connect(rebuilt.home.outbox)) as copy:
        ours.backup(copy)
    rebuilt.transform()
    relations = marts(company)
    with load.connect(company.home) as lived, load.connect(rebuilt.home) as made:
        for relation in relations:
            columns = {name for name, *_ in lived.execute(f"describe {relation}").fetchall()}
            chosen = ", ".join(f'"{name}"' for name in sorted(columns - MEMORY))
            # A record deleted before the rebuild cannot be read any more; it counts for nothing in either.
            live = (
                "where not is_deleted" if "is_deleted" in columns else LIVE_LINES if relation.endswith("_lines") else ""
            )
            query = f"select {chosen} from {relation} {live} order by all"
            assert lived.execute(query).fetchall() == made.execute(query).fetchall(), f"{relation} ({chosen})"
