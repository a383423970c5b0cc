import pytest

from gui_agents import config
from tests.collectors import golden
from tests.collectors.sources import Fixed
from tests.gui_agents.commands.fake_agent import fake_service
from tests.web_servers import PASSWORD, USER, locked


@pytest.fixture
def service():
    """A fake service and its address."""
    with fake_service() as served:
        yield served


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch, tmp_path):
    """No variable of the machine and no .env reaches a verb."""
    for variable in config.known_variables():
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def locked_page(monkeypatch, tmp_path, _own_environment):
    """A page behind TLS and a password, where the environment says that it is, and the options that open it."""
    with locked(Fixed(golden.busy_snapshot()), tmp_path) as page:
        monkeypatch.setenv("PROMETHEUS_PORT", page.url.rpartition(":")[2].partition("/")[0])
        monkeypatch.setenv("PROMETHEUS_WEB_CONFIG", str(page.web_config))
        monkeypatch.setenv("METRICS_PASSWORD", PASSWORD)
        yield ["--user", USER, "--ca-file", str(page.authority)]
