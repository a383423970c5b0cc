"""`gui-agents monitoring`: what init writes runs as it is, and check tells a sound Prometheus from a broken one."""

import asyncio
import contextlib
import io
import json
import os
from unittest import mock

import bcrypt
import pytest
import trustme
import yaml

from gui_agents import cli
from gui_agents.commands.exits import ExitCode
from tests.e2e.programs import Instance, alertmanager, get, prometheus, query, until
from tests.ports import free_port

pytestmark = pytest.mark.system_tools

QUICK = ("--job", "agents", "--interval", "500ms", "--threshold", "scrape_seconds=0.4")


async def monitoring(*arguments, **variables):
    """Run the command and return its exit code and what it printed."""
    told = io.StringIO()
    with (
        mock.patch.dict(os.environ, {name.upper(): str(value) for name, value in variables.items()}),
        contextlib.redirect_stdout(told),
        contextlib.redirect_stderr(told),
    ):
        code = await asyncio.to_thread(cli.main, ["monitoring", *map(str, arguments)])
    return code, told.getvalue()


def evaluated(port):
    """Tell whether every rule was evaluated."""
    groups = json.loads(get(f"http://127.0.0.1:{port}/api/v1/rules"))["data"]["groups"]
    return all(rule["health"] == "ok" for group in groups for rule in group["rules"])


@contextlib.asynccontextmanager
async def instance_of(directory, **variables):
    """Run an instance of the service that has nothing to do."""
    instance = Instance(directory, "instance", **variables)
    await instance.start()
    try:
        yield instance
    finally:
        await instance.kill()


async def written(directory, *options, **variables):
    """Write a configuration into the directory and return where Prometheus finds it."""
    code, told = await monitoring("init", directory, *QUICK, *options, **variables)
    assert code == ExitCode.DONE, told
    return directory / "prometheus.yml"


@contextlib.asynccontextmanager
async def watching(directory, config, *options):
    """Run Prometheus, and yield its port once it has scraped the service and then evaluated every rule.

    A rule that is evaluated while the first scrape is under way records nothing, and the scrape is stored as of its
    beginning: a second later every rule has had its turn again.
    """
    async with prometheus(directory, config, *options) as port:
        await until(lambda: query(port, 'agent_service_info{job="agents"} offset 1s') and evaluated(port), "a scrape")
        yield port


async def check(port, job="agents"):
    return await monitoring("check", f"http://127.0.0.1:{port}", "--job", job)


async def test_what_init_writes_is_what_check_wants_to_see(tmp_path):
    folder = tmp_path / "monitoring"
    async with instance_of(tmp_path) as instance:
        target = ("--target", instance.target)
        async with alertmanager(tmp_path, (await written(folder, *target)).with_name("alertmanager.yml")) as alerts:
            config = await written(folder, *target, "--alertmanager", f"127.0.0.1:{alerts}", "--force")
            async with watching(tmp_path, config) as port:
                code, told = await check(port)
                assert code == ExitCode.DONE, told
                code, told = await check(port, "gui_agents")
                assert code == ExitCode.FAILED
                assert "no target has job='gui_agents'" in told
                assert "the rules select job=agents, not gui_agents" in told
                await instance.kill()
                await until(lambda: query(port, 'up{job="agents"} == 0'), "the target is down")
                code, told = await check(port)
                assert code == ExitCode.FAILED
                assert f"target {instance.target} is down: " in told


async def test_init_finds_its_way_to_a_page_with_locks_and_native_histograms(tmp_path):
    authority, folder = trustme.CA(), tmp_path / "monitoring"
    issued = authority.issue_cert("127.0.0.1")
    issued.private_key_pem.write_to_path(tmp_path / "server.key")
    issued.cert_chain_pems[0].write_to_path(tmp_path / "server.crt")
    hashed = bcrypt.hashpw(b"secret", bcrypt.gensalt(4)).decode()
    tls = {"cert_file": "server.crt", "key_file": "server.key"}
    web = tmp_path / "web.yml"
    web.write_text(yaml.safe_dump({"tls_server_config": tls, "basic_auth_users": {"ann": hashed}}), "utf-8")
    settings = {"prometheus_web_config": web, "prometheus_native_histograms": "true"}
    async with instance_of(tmp_path, **settings) as instance:
        config = await written(folder, "--target", instance.target, **settings)
        authority.cert_pem.write_to_path(folder / "ca.crt")
        (folder / "password").write_text("secret", "utf-8")
        async with alertmanager(tmp_path, folder / "alertmanager.yml") as alerts:
            addresses = ("--target", instance.target, "--alertmanager", f"127.0.0.1:{alerts}", "--force")
            config = await written(folder, *addresses, **settings)
            async with watching(tmp_path, config, "--enable-feature=native-histograms") as port:
                code, told = await check(port)
    assert code == ExitCode.DONE, told


async def test_check_tells_what_is_dropped_changed_and_not_delivered(tmp_path):
    folder = tmp_path / "monitoring"
    dead = f"127.0.0.1:{free_port()}"
    async with instance_of(tmp_path, prometheus_disable="agent_actions_total") as instance:
        config = await written(folder, "--target", instance.target, "--alertmanager", dead)
        settings = yaml.safe_load(config.read_text("utf-8"))
        drop = {"source_labels": ["__name__"], "regex": "agent_task_steps_.*", "action": "drop"}
        settings["scrape_configs"][0]["metric_relabel_configs"] = [drop]
        config.write_text(yaml.safe_dump(settings), "utf-8")
        alerts = folder / "prometheus-alert-rules.yml"
        rules = yaml.safe_load(alerts.read_text("utf-8"))
        found = {group["name"]: group["rules"] for group in rules["groups"]}
        found["gui-agents.availability"][0]["expr"] = "vector(0) > 1"
        del found["gui-agents.slo"][1]
        alerts.write_text(yaml.safe_dump(rules), "utf-8")
        async with watching(tmp_path, config) as port:
            code, told = await check(port)
    assert code == ExitCode.FAILED
    assert f'agent_task_steps_bucket{{job="agents"}} is empty on {instance.target}: ' in told
    assert f'agent_actions_total{{job="agents"}} is empty on {instance.target}: ' in told
    assert "rule ServiceDown is not as this version has it, but for numbers: vector(0) > 1; " in told
    assert "1 of 77 rules are not loaded (TaskSloFastBudgetBurn)" in told
    assert dead in told
    assert len(told.splitlines()) == 6, told


async def test_check_tells_what_was_never_scraped_or_evaluated(tmp_path):
    config = await written(tmp_path / "monitoring", "--target", "127.0.0.1:1")
    # Prometheus spreads the first scrapes and evaluations over the interval: in a year, none falls into this test.
    config.write_text(config.read_text("utf-8").replace("interval: 500ms", "interval: 1y"), "utf-8")
    async with prometheus(tmp_path, config) as port:
        targets = f"http://127.0.0.1:{port}/api/v1/targets"
        await until(lambda: json.loads(get(targets))["data"]["activeTargets"], "the target is known")
        code, told = await check(port)
    assert code == ExitCode.FAILED
    assert "target 127.0.0.1:1 has not been scraped yet" in told
    assert "is empty on" not in told
    assert "77 rules have not been evaluated yet" in told
