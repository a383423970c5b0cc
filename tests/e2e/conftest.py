"""The order of the tests of real servers."""

import pytest

FIRST = ("test_real_chain.py", "test_inhibition.py", "test_live_page.py")
"""The longest test, beside which other workers have time for all else; then short ones: two are left to its worker."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sort the tests, so that no worker has much to do when the others are done."""
    items.sort(key=lambda item: FIRST.index(item.path.name) if item.path.name in FIRST else len(FIRST))
