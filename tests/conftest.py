"""How the suite is spread over its workers: a file stays together, because its tests share what they start; the long ones come first.

There is one worker more than a small machine has processors: clients wait for rate limits as they would outside.
"""

import pytest

LONG_FIRST = (
    "test_truth",
    "test_bad_input",
    "test_jobs",
    "test_quickbooks_client",
    "test_netsuite_client",
    "test_exactly_once_netsuite",
    "test_stripe_client",
    "test_sftp_client",
)
SHARES_NOTHING = ("test_truth",)  # each of its tests has a company of its own


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=_rank)
    for item in items:
        name = item.nodeid if item.path.stem in SHARES_NOTHING else str(item.path)
        item.add_marker(pytest.mark.xdist_group(name))


def _rank(item: pytest.Item) -> int:
    return LONG_FIRST.index(item.path.stem) if item.path.stem in LONG_FIRST else len(LONG_FIRST)
