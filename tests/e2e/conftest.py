"""The order of the tests of real servers."""

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest test, beside which other workers have time for all else."""
    items.sort(key=lambda item: item.path.name != "test_real_chain.py")
