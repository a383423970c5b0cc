import pytest

from tests.gui_agents.models.asking import Asked


@pytest.fixture
async def asked():
    made = []

    def make(server, **options):
        made.append(Asked(server, **options))
        return made[-1]

    yield make
    for each in made:
        await each.model.close()
