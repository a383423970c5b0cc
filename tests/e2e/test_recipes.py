"""The recipes of docs/monitoring-at-scale.md, taken from the page and run on real servers."""

import contextlib
import hashlib
import itertools
import json
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from fractions import Fraction
from pathlib import Path

import pytest
import yaml

from collectors.operations import rules, sharding
from collectors.operations.model import Setting
from tests.e2e.programs import Instance, prometheus, query, running, until
from tests.e2e.test_real_chain import again
from tests.ports import free_port
from tests.system_tools import require_program

pytestmark = pytest.mark.system_tools

PAGE = Path(__file__).parents[2] / "docs" / "monitoring-at-scale.md"
PUSH = PAGE.with_name("push.md")
FAST = {"scrape_interval": "500ms", "scrape_timeout": "500ms", "evaluation_interval": "500ms"}
SETTING = Setting(scale=Fraction(1, 60))
ACTIVE = 'job:agent_tasks_active:sum{job="gui_agents"}'
SHARDS = ("0", "1")
FAILING = "Book me a flight to Paris"


def recipe(title, **hosts):
    """Return a block of the page as data, with the hosts of this test in the place of its own."""
    text = re.search(rf"```yaml\n# {title}\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)[1]
    for host, address in hosts.items():
        assert host in text
        text = re.sub(rf"{host}[\w-]*:909[01]", address, text)
    return yaml.safe_load(text)


def written(directory, name, *parts):
    path = directory / f"{name}.yml"
    data = {key: value for part in parts for key, value in part.items()}
    path.write_text(json.dumps({**data, "global": {**FAST, **data.get("global", {})}}), "utf-8")
    return path


@contextlib.asynccontextmanager
async def instances(directory, count) -> AsyncIterator[list[Instance]]:
    started = [Instance(directory, f"instance-{index}") for index in range(count)]
    try:
        for instance in started:
            await instance.start()
        yield started
    finally:
        for instance in started:
            await instance.kill()


def scraping(directory, targets):
    """Return the configuration of a Prometheus that scrapes instances and records."""
    recordings = directory / "recordings.yml"
    recordings.write_text(rules.recording_rules(SETTING), "utf-8")
    job = {"job_name": SETTING.job, "static_configs": [{"targets": [instance.target for instance in targets]}]}
    return {"rule_files": [str(recordings)], "scrape_configs": [job]}


async def test_federation_carries_the_aggregates(tmp_path):
    async with contextlib.AsyncExitStack() as stack:
        two = await stack.enter_async_context(instances(tmp_path, 2))
        source = written(tmp_path, "source", scraping(tmp_path, two))
        port = await stack.enter_async_context(prometheus(tmp_path, source, name="source"))
        block = recipe("federation", prometheus=f"127.0.0.1:{port}")
        above = await stack.enter_async_context(prometheus(tmp_path, written(tmp_path, "above", block), name="above"))
        await until(lambda: query(above, ACTIVE), "the sum arrives")
        await until(lambda: len(query(above, 'up{job="gui_agents"} == 1')) == 2, "both instances are told")
        assert query(above, "agent_tasks_active") == []


async def test_remote_write_carries_what_it_is_told_to(tmp_path):
    async with contextlib.AsyncExitStack() as stack:
        [one] = await stack.enter_async_context(instances(tmp_path, 1))
        receiver = written(tmp_path, "receiver")
        option = "--web.enable-remote-write-receiver"
        port = await stack.enter_async_context(prometheus(tmp_path, receiver, option, name="receiver"))
        block = recipe("remote write", prometheus=f"127.0.0.1:{port}")
        block["remote_write"][0]["queue_config"] = {"batch_send_deadline": "500ms"}
        source = written(tmp_path, "source", scraping(tmp_path, [one]), block)
        await stack.enter_async_context(prometheus(tmp_path, source, name="source"))
        await until(lambda: query(port, ACTIVE), "the sum arrives")
        await until(lambda: query(port, "agent_service_info"), "the service is known")
        assert query(port, "agent_tasks_active") == []


async def test_a_pushgateway_is_scraped_in_the_services_place(tmp_path):
    gateway = free_port()
    address = f"127.0.0.1:{gateway}"
    # Debian's build keeps what was pushed in a file of the system unless told not to.
    command = (require_program("prometheus-pushgateway"), f"--web.listen-address={address}", "--persistence.file=")
    async with contextlib.AsyncExitStack() as stack:
        await stack.enter_async_context(running(tmp_path, "gateway", *command, ready=f"http://{address}/-/ready"))
        [one] = await stack.enter_async_context(instances(tmp_path, 1))
        block = recipe("pushgateway", pushgateway=address)
        port = await stack.enter_async_context(prometheus(tmp_path, written(tmp_path, "above", block)))
        push = [sys.executable, "-m", "gui_agents.cli", "push", "--gateway", f"http://{address}"]
        push += ["--instance", "hidden", "--metrics-url", f"http://{one.target}/metrics"]
        done = subprocess.run(push, capture_output=True, text=True, check=False)  # noqa: ASYNC221 - it ends at once
        assert done.returncode == 0, done.stderr
        found = await until(lambda: query(port, 'agent_service_info{job="gui_agents"}'), "the push is scraped")
        assert found[0]["metric"]["instance"] == "hidden"
        [group] = yaml.safe_load(re.search(r"```yaml\n(groups:\n.*?)```", PUSH.read_text("utf-8"), re.DOTALL)[1])[
            "groups"
        ]
        [stopped] = group["rules"]
        assert query(port, stopped["expr"]) == []
        assert query(port, stopped["expr"].replace("> 300", "< 60"))


def shard_of(address):
    """Return the shard of two that takes an address, as the action hashmod of Prometheus computes it."""
    return str(int.from_bytes(hashlib.md5(address.encode(), usedforsecurity=False).digest()[8:], "big") % 2)


@contextlib.asynccontextmanager
async def instance_of_shard(directory, name, **variables) -> AsyncIterator[Instance]:
    """Run an instance whose address is that of a shard."""
    ports = (free_port() for _ in itertools.count())
    instance = Instance(directory, f"instance-{name}", **variables)
    instance.metrics_port = next(port for port in ports if shard_of(f"127.0.0.1:{port}") == name)
    await instance.start()
    try:
        yield instance
    finally:
        await instance.kill()


def shard(directory, name):
    """Write the page's configuration of a shard for the one of two that is called `name`."""
    (directory / "shard-rules.yml").write_text(sharding.shard_rules(SETTING), "utf-8")
    block = recipe("shard")
    modulo, keep = block["scrape_configs"][0]["relabel_configs"]
    labels = block["global"]["external_labels"]
    assert labels == {"shard": keep["regex"]}
    modulo["modulus"], keep["regex"] = 2, name
    labels["shard"] = name
    return written(directory, f"shard-{name}", block)


@contextlib.asynccontextmanager
async def sharded(directory, targets) -> AsyncIterator[tuple[list[int], int]]:
    """Run two shards, which divide the targets, and a global Prometheus above; yield their ports."""
    (directory / "targets").mkdir()
    found = [{"targets": [instance.target for instance in targets]}]
    (directory / "targets" / "all.json").write_text(json.dumps(found), "utf-8")
    (directory / "global-rules.yml").write_text(sharding.global_rules(SETTING), "utf-8")
    async with contextlib.AsyncExitStack() as stack:
        ports = [
            await stack.enter_async_context(prometheus(directory, shard(directory, name), name=f"shard-{name}"))
            for name in SHARDS
        ]
        block = recipe("global")
        block["scrape_configs"][0]["static_configs"] = [{"targets": [f"127.0.0.1:{port}" for port in ports]}]
        config = written(directory, "global", block)
        yield ports, await stack.enter_async_context(prometheus(directory, config, name="global"))


def value(port, expr):
    """Return the one value of a query, or None."""
    found = query(port, expr)
    assert len(found) <= 1, found
    return float(found[0]["value"][1]) if found else None


async def test_a_global_prometheus_adds_up_two_shards_and_divides(tmp_path):
    slots = dict(zip(SHARDS, (3, 5), strict=True))
    async with contextlib.AsyncExitStack() as stack:
        good, bad = [
            await stack.enter_async_context(instance_of_shard(tmp_path, name, task_max_tasks=slots[name]))
            for name in SHARDS
        ]
        ports, above = await stack.enter_async_context(sharded(tmp_path, [good, bad]))
        await until(lambda: value(above, "sum(shard:agent_task_slots:sum)") == 8, "the sum of both")
        assert [value(port, "shard:agent_task_slots:sum") for port in ports] == [3, 5]
        await until(lambda: value(above, 'job:agent_task_utilization:ratio{job="gui_agents"}') == 0, "slots are free")
        async with again(0.5, good.submit), again(0.5, lambda: bad.submit(FAILING)):
            firing = 'ALERTS{alertname="HighTaskFailureRate",alertstate="firing"}'
            await until(lambda: query(above, firing), "an alert on the job fires on the global one")
        await until(lambda: all(value(port, "sum(agent_tasks)") == 0 for port in ports), "all tasks have ended")
        ended = [value(port, 'sum(agent_tasks_created_total{status=~"completed|failed"})') for port in ports]
        ratio = f'job:agent_task_failures:ratio_rate3d{{job="gui_agents"}} - {ended[1] / sum(ended)}'
        await until(lambda: query(above, f"abs({ratio}) < 0.02"), f"the ratio is that of the counts {ended}")
        assert query(above, '{__name__=~"agent_.*"}') == []
        told = int(re.search(r"some (\d+) series from each", PAGE.read_text("utf-8"))[1])
        assert value(ports[0], 'count({__name__=~"shard:.*"})') == pytest.approx(told, rel=0.1)
