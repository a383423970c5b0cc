"""How Hypothesis searches, in which order the tests run, which ports are free for them, and their database server.

`HYPOTHESIS_PROFILE` names a profile; CI has one of its own. The search that finds new defects is `nightly`: the others
only have to see that a promise has not been broken, at each change.
"""

import os
from collections.abc import Callable, Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests import postgres
from tests.ports import free_port

COMMON = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}

settings.register_profile("dev", max_examples=15, **COMMON)
settings.register_profile("ci", max_examples=30, print_blob=True, **COMMON)
settings.register_profile("nightly", max_examples=2_000, print_blob=True, **COMMON)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") else "dev"))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave slow tests to CI, unless `-m` chooses them. They run first: no worker waits for them at the end."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)
    if not os.environ.get("CI") and not config.option.markexpr:
        for item in items:
            if item.get_closest_marker("slow"):
                item.add_marker(pytest.mark.skip("runs in CI, and here with -m slow"))


def pytest_sessionfinish() -> None:
    """End the server that tests have started."""
    postgres.end_shared()


@pytest.fixture
def unused_tcp_port() -> int:
    """Return a port that no connection takes; pytest-asyncio's fixture of this name asks the kernel."""
    return free_port()


@pytest.fixture(scope="session")
def unused_tcp_port_factory() -> Callable[[], int]:
    """Return what returns such ports."""
    return free_port


@pytest.fixture(scope="session")
def postgres_server() -> postgres.Server:
    """Return the server that the tests of this process share; each makes a database of its own."""
    return postgres.shared()


@pytest.fixture
def postgres_running(postgres_server: postgres.Server) -> Iterator[postgres.Server]:
    """Return that server for a test that stops or kills it; afterwards it runs again."""
    yield postgres_server
    if postgres_server.running:
        postgres_server.resume()
    else:
        postgres_server.start()
