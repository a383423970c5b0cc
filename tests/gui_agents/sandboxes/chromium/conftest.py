"""One browser for the tests of a module: a new one for each would take a second."""

import pytest_asyncio

from tests.gui_agents.sandboxes.chromium.browsers import browsing
from tests.gui_agents.sandboxes.chromium.site import serving


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser(tmp_path_factory):
    async with browsing(tmp_path_factory.mktemp("jails")) as browser:
        yield browser


@pytest_asyncio.fixture(loop_scope="module")
async def site():
    async with serving() as site:
        yield site
