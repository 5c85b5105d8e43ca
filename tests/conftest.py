"""How the suite is spread over two workers: a file stays together, long tests start first, seeds of one test run side by side."""

from pathlib import Path

import pytest

LONG_FIRST = (
    "test_truth",
    "test_exactly_once",
    "test_exactly_once_netsuite",
    "test_open_ar",
    "test_bad_input",
    "test_netsuite_client",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        alone = item.path.stem == "test_truth"  # each seed has a sandbox of its own
        item.add_marker(pytest.mark.xdist_group(item.nodeid if alone else str(item.path)))
    items.sort(key=lambda item: _rank(item.path))


def _rank(path: Path) -> int:
    return LONG_FIRST.index(path.stem) if path.stem in LONG_FIRST else len(LONG_FIRST)
