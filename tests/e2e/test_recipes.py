"""The recipes of docs/monitoring-at-scale.md, taken from the page and run on real servers."""

import contextlib
import json
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from fractions import Fraction
from pathlib import Path

import pytest
import yaml

from collectors.operations import rules
from collectors.operations.model import Setting
from tests.e2e.programs import Instance, free_port, get, prometheus, query, running, until
from tests.system_tools import require_program

pytestmark = pytest.mark.system_tools

PAGE = Path(__file__).parents[2] / "docs" / "monitoring-at-scale.md"
FAST = {"global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"}}
SETTING = Setting(scale=Fraction(1, 60))
ACTIVE = 'job:agent_tasks_active:sum{job="gui_agents"}'


def recipe(title, **hosts):
    """Return a block of the page as data, with the hosts of this test in the place of its own."""
    text = re.search(rf"```yaml\n# {title}\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)[1]
    for host, address in hosts.items():
        assert host in text
        text = re.sub(rf"{host}[\w-]*:909[01]", address, text)
    return yaml.safe_load(text)


def written(directory, name, *parts):
    path = directory / f"{name}.yml"
    path.write_text(json.dumps({key: value for part in (FAST, *parts) for key, value in part.items()}), "utf-8")
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
        source = written(tmp_path, "source", scraping(tmp_path, [one]), block)
        await stack.enter_async_context(prometheus(tmp_path, source, name="source"))
        await until(lambda: query(port, ACTIVE), "the sum arrives")
        await until(lambda: query(port, "agent_service_info"), "the service is known")
        assert query(port, "agent_tasks_active") == []


async def test_a_pushgateway_is_scraped_in_the_services_place(tmp_path):
    gateway = free_port()
    address = f"127.0.0.1:{gateway}"
    command = (require_program("prometheus-pushgateway"), f"--web.listen-address={address}")
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
        assert query(port, 'time() - push_time_seconds{job="gui_agents"} < 60')


def test_the_rules_of_a_shard_are_accepted(tmp_path):
    path = tmp_path / "rules.yml"
    path.write_text(yaml.safe_dump(recipe("shard rules")), "utf-8")
    command = [require_program("promtool"), "check", "rules", "--lint=all", "--lint-fatal", str(path)]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0
    config = tmp_path / "prometheus.yml"
    config.write_text(yaml.safe_dump(recipe("shard")), "utf-8")
    command = [require_program("promtool"), "check", "config", str(config)]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0


async def test_the_page_tells_the_cardinality_of_a_real_scrape(tmp_path):
    async with instances(tmp_path, 1) as [one]:
        lines = [
            line for line in get(f"http://{one.target}/metrics").decode().splitlines() if line[:1] not in ("#", "")
        ]
    ours = [line for line in lines if "agent_fault" not in line and 'section="fault"' not in line]
    told = int(re.search(r"\*\*All of a scrape\*\* \| \*\*(\d+)\*\*", PAGE.read_text("utf-8"))[1])
    assert abs(len(ours) - told) <= told * 0.02
    assert len(ours) <= 800


def test_the_arithmetic_of_the_page_adds_up():
    text = PAGE.read_text("utf-8")
    scrape = int(re.search(r"\*\*All of a scrape\*\* \| \*\*(\d+)\*\*", text)[1])
    series = scrape + 5
    for row in re.findall(r"^\| ([\d,]+) \| ([\d,]+) \| ([\d,]+) \|", text, re.MULTILINE):
        count, all_series, samples = (int(number.replace(",", "")) for number in row)
        assert (all_series, samples) == (count * series, round(count * series / 15))
