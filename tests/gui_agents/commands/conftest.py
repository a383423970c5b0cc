import pytest

from gui_agents import config
from tests.gui_agents.commands.fake_agent import fake_service


@pytest.fixture
def service():
    """A fake service and its address."""
    with fake_service() as served:
        yield served


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch, tmp_path):
    """No variable of the machine and no .env reaches a verb."""
    for setting in config.settings():
        monkeypatch.delenv(setting.variable, raising=False)
    monkeypatch.chdir(tmp_path)
