"""The OTLP export in the composed service."""

import asyncio
import socket
import sys

import pytest

from gui_agents.domain.errors import ConfigError
from gui_agents.domain.packages import install_command
from gui_agents.grpc_app import App
from tests.collectors.otel.collector import collecting
from tests.collectors.otel.samples import otlp_samples, resource_attributes, scope_metrics
from tests.serving import configured, serving_app


@pytest.fixture
def collector(monkeypatch):
    with collecting() as running:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", running.url)
        yield running


async def test_the_end_of_the_service_sends_the_last_numbers(tmp_path, collector):
    environment = {"ENABLE_OTEL_METRICS": "true", "ENABLE_PROMETHEUS": "false"}
    async with serving_app(environment, tmp_path) as served:
        assert served.app.metrics_port is None
        await served.run("work 2")
        snapshot = served.state.snapshot()
    (request,) = collector.rest()
    sent = otlp_samples(scope_metrics(request))
    assert sent["agent_tasks_created_total", frozenset({("status", "completed")})] == 1
    assert sent["agent_proxy_steps_total", frozenset()] == snapshot.steps.steps == 3
    assert sent["agent_grpc_requests_total", frozenset({("method", "RunAgentInstruction")})] == 1
    assert resource_attributes(request)["service.version"] == served.state.info.version


async def test_both_ways_out_agree(tmp_path, collector):
    environment = {"ENABLE_OTEL_METRICS": "true", "OTEL_METRIC_EXPORT_INTERVAL": "100"}
    async with serving_app(environment, tmp_path) as served:
        await served.run("finish")
        page = await served.scrape()
        collector.rest()
        sent = otlp_samples(scope_metrics(await asyncio.to_thread(collector.next)))
    name = "agent_tasks_created_total"
    assert sent[name, frozenset({("status", "completed")})] == page.one(name, status="completed") == 1


async def test_a_service_that_cannot_start_sends_nothing(tmp_path, collector):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        config = configured({"ENABLE_OTEL_METRICS": "1", "GRPC_PORT": port, "RUNTIME_DIR": str(tmp_path)})
        with pytest.raises(ConfigError, match="GRPC_PORT"):
            await App(config).start()
    assert collector.asked == []


async def test_missing_packages_are_a_warning_with_the_install_command(tmp_path, monkeypatch, caplog):
    for module in [name for name in sys.modules if name.startswith(("collectors.otel", "opentelemetry"))]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    app = App(configured({"ENABLE_OTEL_METRICS": "true", "RUNTIME_DIR": str(tmp_path)}))
    assert app.monitoring is None
    (warning,) = caplog.messages
    assert warning.startswith("ENABLE_OTEL_METRICS is on, but opentelemetry")
    assert warning.endswith(f" is not installed; run: {install_command('otel')}")


@pytest.mark.parametrize("disabled", ["true", "TRUE"])
async def test_opentelemetry_can_be_disabled_as_everywhere(tmp_path, caplog, disabled):
    caplog.set_level("INFO")
    environment = {"ENABLE_OTEL_METRICS": "true", "OTEL_SDK_DISABLED": disabled, "RUNTIME_DIR": str(tmp_path)}
    app = App(configured(environment))
    assert app.monitoring is None
    assert "OTEL_SDK_DISABLED is true: no metrics are sent over OTLP" in caplog.text


@pytest.mark.parametrize("disabled", ["", "false", "1", "yes"])
def test_only_true_disables_opentelemetry(disabled):
    assert not configured({"OTEL_SDK_DISABLED": disabled}).monitoring.otel_disabled
