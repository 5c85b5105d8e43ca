"""How the suite is spread over its workers: a file stays together, because its tests share what they start; the long ones come first.

There is one worker more than a small machine has processors: clients wait for rate limits as they would outside.
"""

from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

LONG_FIRST = (
    "test_truth",
    "test_bad_input",
    "test_open_ar",
    "test_shell",
    "test_netsuite_client",
    "test_jobs",
    "test_quickbooks_client",
    "test_exactly_once_netsuite",
    "test_dbt_models",
    "test_benchmarks",
    "test_stripe_client",
    "test_dbt_history",
    "test_sftp_client",
)
SHARES_NOTHING = ("test_truth",)  # each of its tests has a company of its own


class ByFile(LoadScopeScheduling):
    """The files, and the tests of those whose tests share nothing."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return nodeid if Path(file).stem in SHARES_NOTHING else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFile:
    return ByFile(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=_rank)


def _rank(item: pytest.Item) -> int:
    return LONG_FIRST.index(item.path.stem) if item.path.stem in LONG_FIRST else len(LONG_FIRST)
