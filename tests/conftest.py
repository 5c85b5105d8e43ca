"""How the suite is spread over two workers: by file (--dist loadfile), the long ones first."""

from pathlib import Path

import pytest

LONG_FIRST = (
    "test_truth",
    "test_bad_input",
    "test_exactly_once_netsuite",
    "test_open_ar",
    "test_jobs",
    "test_dbt_history",
    "test_netsuite_client",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: _rank(item.path))


def _rank(path: Path) -> int:
    return LONG_FIRST.index(path.stem) if path.stem in LONG_FIRST else len(LONG_FIRST)
