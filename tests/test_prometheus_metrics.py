"""Monitoring from the outside: off, on, by the environment, in any registry.

Also a script: `python tests/test_prometheus_metrics.py`.
"""

import asyncio
import re
import sys
import urllib.request
from pathlib import Path

import pytest

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

import collectors
from collectors.metrics.definitions import Section, gauge
from gui_agents import config as configuration
from gui_agents.domain.errors import ConfigError
from gui_agents.grpc_app import App
from gui_agents.monitoring import MODEL_DURATIONS, PHASE_DURATIONS
from gui_agents.proto import agent_pb2 as pb
from tests.serving import configured, serving_app

NAMES = [
    "agent_tasks_created",
    "agent_tasks_active",
    "agent_task_execution_duration_seconds",
    "agent_task_queue_wait_duration_seconds",
    "agent_task_utilization",
    "agent_grpc_requests",
    "agent_grpc_request_duration_seconds",
    "agent_grpc_errors",
    "agent_grpc_stream_connections",
    "agent_tokens_consumed",
    "agent_execution_cost",
    "agent_sandbox_created",
    "agent_proxy_steps",
    "agent_task_steps",
    "agent_memory_usage_bytes",
    "agent_temp_files_count",
    "agent_stream_manager_tasks",
    "agent_task_latency_seconds",
    "agent_service_uptime_seconds",
    "agent_config_updates",
    "agent_service",
]
"""The families that existing dashboards rely on; the success rate is one more, once a task has ended."""


def families(registry: CollectorRegistry) -> dict[str, str]:
    """Return the type of each family of a registry that has samples."""
    return {family.name: family.type for family in registry.collect() if family.samples}


def app(directory: Path, **environment: str) -> App:
    return App(configured({"RUNTIME_DIR": str(directory), **environment}))


# Off, on, and the environment that says so.


def test_monitoring_is_off_unless_it_is_asked_for(tmp_path):
    assert configuration.load({}).monitoring.enable_prometheus is False
    assert app(tmp_path).monitoring is None


@pytest.mark.parametrize("value", ["true", "1", "yes", "on", "TRUE", "Yes"])
def test_the_environment_switches_it_on(tmp_path, value):
    assert app(tmp_path, ENABLE_PROMETHEUS=value).monitoring is not None


@pytest.mark.parametrize("value", ["false", "0", "no", "off", ""])
def test_the_environment_switches_it_off(tmp_path, value):
    assert app(tmp_path, ENABLE_PROMETHEUS=value).monitoring is None


def test_a_wrong_value_is_an_error_that_names_the_variable():
    with pytest.raises(ConfigError) as failure:
        configuration.load({"ENABLE_PROMETHEUS": "perhaps", "PROMETHEUS_PORT": "99999"})
    assert [line.split(" ")[0] for line in failure.value.mistakes] == ["ENABLE_PROMETHEUS", "PROMETHEUS_PORT"]


def test_the_documented_defaults():
    config = configuration.load({})
    assert (config.monitoring.host, config.monitoring.port) == ("127.0.0.1", 8000)


# Registration.


def test_registered_in_any_registry_it_yields_the_families(tmp_path):
    registry = CollectorRegistry()
    collectors.register(app(tmp_path).service.state, registry)
    found = families(registry)
    assert set(NAMES) <= set(found)
    assert found["agent_task_latency_seconds"] == "summary"
    assert found["agent_service"] == "info"


def test_twice_in_one_registry_is_a_clear_error(tmp_path):
    state, registry = app(tmp_path).service.state, CollectorRegistry()
    collectors.register(state, registry)
    with pytest.raises(collectors.AlreadyRegisteredError, match="already"):
        collectors.register(state, registry)
    assert set(NAMES) <= set(families(registry))


def test_two_services_in_two_registries_do_not_meet(tmp_path):
    first, second = CollectorRegistry(), CollectorRegistry()
    collectors.register(app(tmp_path, TASK_MAX_TASKS="3").service.state, first)
    collectors.register(app(tmp_path, TASK_MAX_TASKS="4").service.state, second)
    assert [registry.get_sample_value("agent_task_slots") for registry in (first, second)] == [3, 4]


def test_after_unregistering_it_can_be_registered_again(tmp_path):
    state, registry = app(tmp_path).service.state, CollectorRegistry()
    registry.unregister(collectors.register(state, registry))
    assert list(registry.collect()) == []
    collectors.register(state, registry)
    assert set(NAMES) <= set(families(registry))


# Export.


def test_the_exported_page_parses_in_both_formats(tmp_path):
    registry = CollectorRegistry()
    collectors.register(app(tmp_path).service.state, registry)
    text = {family.name for family in parse_text(generate_latest(registry).decode())}
    assert {name for name in NAMES if name != "agent_service"} <= text
    assert set(NAMES) <= {family.name for family in parse_openmetrics(generate_openmetrics(registry).decode())}


async def test_the_endpoint_exports_what_the_service_has_done(tmp_path):
    async with serving_app({}, tmp_path) as served:
        before = await served.scrape()
        assert before.one("agent_tasks_created_total", status="completed") == 0
        assert ("agent_task_success_rate", ()) not in before
        await served.run("work 2")
        await served.run("give up")
        await served.agent.GetAgentInfo(pb.GetAgentInfoRequest())
        await served.all_calls_ended()
        page = await served.scrape()
    assert page.by("agent_tasks_created_total") == {"pending": 2, "running": 2, "completed": 1, "failed": 1}
    assert page.one("agent_task_success_rate") == 0.5
    assert page.one("agent_proxy_steps_total") == 4
    assert page.by("agent_grpc_requests_total") == {"RunAgentInstruction": 2, "GetAgentInfo": 1}
    assert page.by("agent_tokens_consumed_total") == {"input": 4000, "output": 120, "total": 4120}
    assert page.one("agent_memory_usage_bytes") > 10_000_000


async def test_a_histogram_that_is_switched_off_is_not_observed_either(tmp_path):
    both = {MODEL_DURATIONS, PHASE_DURATIONS}
    async with serving_app({"PROMETHEUS_DISABLE": ",".join(both)}, tmp_path) as served:
        await served.run("work 2")
        snapshot = served.service.state.snapshot()
        page = await served.scrape()
    assert (snapshot.steps.phases, snapshot.models.durations) == ({}, {})
    assert not {name for name, _ in page if name.rsplit("_", 1)[0] in both}
    assert page.one("agent_proxy_steps_total") == 3


async def test_a_histogram_that_is_left_on_is_observed(tmp_path):
    async with serving_app({}, tmp_path) as served:
        await served.run("work 2")
        page = await served.scrape()
    assert page.by(f"{PHASE_DURATIONS}_count") == {"observe": 3, "decide": 3, "act": 2}
    assert sum(page.by(f"{MODEL_DURATIONS}_count").values()) == 3


async def test_sections_of_ones_own_are_shown_after_the_catalogue(tmp_path):
    depth = gauge("shop_orders", "Orders that wait.", lambda _snapshot: 3, example="shop_orders")
    broken = gauge("shop_errors", "Never shown.", lambda _snapshot: 1 // 0, example="shop_errors")
    environment = {"ENABLE_PROMETHEUS": "true", "RUNTIME_DIR": str(tmp_path), "GRPC_PORT": "0", "PROMETHEUS_PORT": "0"}
    sections = [Section(name="shop", metrics=(depth,)), Section(name="till", metrics=(broken,))]
    served = App(configured(environment), sections=sections)
    await served.start()
    try:
        with await asyncio.to_thread(
            urllib.request.urlopen, f"http://127.0.0.1:{served.metrics_port}/metrics"
        ) as answer:
            page = answer.read().decode()
    finally:
        await served.stop()
    assert "\nshop_orders 3.0\n" in page
    assert "shop_errors" not in page
    assert page.index("agent_tasks_active") < page.index("shop_orders")
    assert re.findall(r'agent_collector_success\{section="(\w+)"\} 0.0', page) == ["till"]


async def test_the_endpoint_answers_in_the_format_that_is_asked_for(tmp_path):
    async with serving_app({}, tmp_path) as served:
        url = f"http://127.0.0.1:{served.app.metrics_port}/metrics"

        def get(accept: str) -> tuple[str, str]:
            request = urllib.request.Request(url, headers={"Accept": accept})
            with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - our own
                return answer.headers["Content-Type"], answer.read().decode()

        kind, text = await asyncio.to_thread(get, "*/*")
        assert re.match(r"text/plain; version=(0\.0\.4|1\.0\.0); charset=utf-8", kind)
        assert "# EOF" not in text
        kind, text = await asyncio.to_thread(get, "application/openmetrics-text; version=1.0.0")
        assert kind.startswith("application/openmetrics-text; version=1.0.0")
        assert text.endswith("# EOF\n")


if __name__ == "__main__":
    sys.exit(pytest.main([__file__, "-q"]))
