"""Five incidents of a real service turn its status page, on a desktop and on a phone."""

import pytest

from tests.browser import running_browser
from tests.e2e.incidents import INCIDENTS

pytestmark = pytest.mark.system_tools

TURNED = {
    "all-tasks-fail": ["tile-success"],
    "queue-full": ["tile-waiting"],
    "model-down": ["tile-success", "tile-model"],
    "loop-blocked": ["tile-loop"],
    "service-gone": [],
}
"""The tiles that are red."""


@pytest.fixture(scope="module")
def browser():
    with running_browser() as running:
        yield running


@pytest.mark.parametrize("name", INCIDENTS)
async def test_an_incident_turns_badge_and_tiles(browser, name):
    seen = []

    def look(tab):
        tab.resize(390, 844, touch=True)
        seen.append(
            tab.evaluate("""({
              tone: document.querySelector('#pill').classList[1],
              tiles: [...document.querySelectorAll('.tile.bad')].map(({ id }) => id),
              width: document.documentElement.scrollWidth,
            })""")
        )

    await INCIDENTS[name](browser, look)
    assert seen == [{"tone": "bad", "tiles": TURNED[name], "width": 390}]
