"""What the pages on monitoring say is true: queries find something, numbers are those of a real scrape, code runs."""

import contextlib
import json
import re
from collections import Counter
from pathlib import Path

import bcrypt
import pytest
import trustme
import yaml
from prometheus_client.parser import text_string_to_metric_families

from collectors import ListenError
from collectors.http import endpoint, reader
from collectors.metrics import catalogue
from gui_agents import config
from gui_agents.domain.clock import SystemClock
from gui_agents.domain.errors import ConfigError
from gui_agents.models.prices.price_list import PriceList
from gui_agents.service import build_state
from tests.e2e.programs import Instance, prometheus, query, until
from tests.serving import serving_app
from tools import idle
from tools.checks.expressions import Checker
from tools.vocabulary import known_series

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "collectors" / "README.md"
MONITORING = ROOT / "docs" / "monitoring.md"
LIMIT = 800
"""The samples of a service that has just begun, at most; the pages name it."""
FAST = {"global": {"scrape_interval": "1s", "scrape_timeout": "1s"}}


def fences(page, language):
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL)


QUERIES = [query for page in (README, MONITORING) for query in fences(page, "promql")]


@pytest.mark.parametrize("text", QUERIES)
def test_every_query_selects_what_there_is(text):
    checker = Checker(known_series())
    checker.shape(text)
    assert checker.problems == []


@pytest.mark.system_tools
async def test_every_query_finds_something_in_prometheus(tmp_path):
    [scraping] = [yaml.safe_load(text) for text in fences(README, "yaml")]
    async with contextlib.AsyncExitStack() as stack:
        instances = [Instance(tmp_path, name) for name in ("one", "two")]
        for instance in instances:
            await instance.start()
            stack.push_async_callback(instance.kill)
        scraping["scrape_configs"][0]["static_configs"][0]["targets"] = [each.target for each in instances]
        path = tmp_path / "prometheus.yml"
        path.write_text(json.dumps({**FAST, **scraping}))
        port = await stack.enter_async_context(prometheus(tmp_path, path))
        await until(lambda: query(port, "count(agent_tasks_active) == 2"), "both are scraped")
        await instances[0].submit("Calculate 1+1")
        await instances[1].submit("Book me a flight to Paris")
        failed = 'agent_tasks_created_total{status="failed"} == 1'
        await until(lambda: query(port, failed), "the failure is scraped")
        for text in QUERIES:
            await until(lambda text=text: query(port, text), text, seconds=20)


def block(title):
    [text] = [text for text in fences(MONITORING, "yaml") if text.startswith(f"# {title}\n")]
    return yaml.safe_load(text)


@pytest.mark.system_tools
async def test_prometheus_scrapes_an_endpoint_that_is_locked_as_the_page_says(tmp_path):
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.crt")
    certificate = authority.issue_cert("127.0.0.1")
    certificate.private_key_pem.write_to_path(tmp_path / "server.key")
    certificate.cert_chain_pems[0].write_to_path(tmp_path / "server.crt")
    (tmp_path / "password").write_text("open sesame")
    web, scraping = block("web.yml"), block("prometheus.yml")
    web["basic_auth_users"]["prometheus"] = bcrypt.hashpw(b"open sesame", bcrypt.gensalt(4)).decode()
    (tmp_path / "web.yml").write_text(json.dumps(web))
    async with contextlib.AsyncExitStack() as stack:
        instance = Instance(tmp_path, "one", prometheus_web_config=tmp_path / "web.yml")
        await instance.start()
        stack.push_async_callback(instance.kill)
        scraping["scrape_configs"][0]["static_configs"][0]["targets"] = [instance.target]
        path = tmp_path / "prometheus.yml"
        path.write_text(json.dumps({**FAST, **scraping}))
        port = await stack.enter_async_context(prometheus(tmp_path, path))
        await until(lambda: query(port, 'agent_service_info{job="gui_agents"}'), "it is scraped")


@pytest.mark.parametrize("disabled", [(), sorted(catalogue.switches(catalogue.sections()))], ids=["all", "least"])
async def test_the_samples_that_pages_count_are_those_of_a_real_scrape(disabled, tmp_path):
    async with serving_app({**idle.BUDGET, "PROMETHEUS_DISABLE": ",".join(disabled)}, tmp_path) as served:
        scraped = Counter(name for name, _ in await served.scrape())
    assert scraped == Counter(sample.name for sample in idle.samples(disabled))
    assert scraped.total() <= LIMIT


def test_the_page_tells_the_limits_of_the_endpoint():
    limits = endpoint.Limits()
    text = " ".join(MONITORING.read_text().split())
    for told in (
        f"{limits.connections:,} connections",
        f"must arrive within {limits.timeouts.receiving:g} s",
        f"be taken within {limits.timeouts.sending:g} s",
        f"be idle for {limits.timeouts.idle:g} s",
        f"limited to {reader.MAX_HEADER_BYTES // 1024} KiB",
    ):
        assert told in text


def test_the_python_of_the_page_runs():
    state = build_state(config.load({}), PriceList.load(None), SystemClock())
    [code] = fences(README, "python")
    names = {"state": state}
    exec(code, names)  # noqa: S102 - a page of this repository
    families = {family.name for family in text_string_to_metric_families(names["page"].decode())}
    assert "agent_tasks_created" in families


def wrong_start(**variables):
    with pytest.raises(ConfigError) as caught:
        config.load({"ENABLE_PROMETHEUS": "true", **variables})
    return str(caught.value)


def unknown_switch():
    with pytest.raises(ConfigError) as caught:
        catalogue.sections(["nonsense"])
    return str(caught.value)


def test_the_errors_of_the_troubleshooting_table_are_those_of_the_service():
    real = [
        wrong_start(GRPC_PORT="8000"),
        unknown_switch(),
        f"PROMETHEUS_PORT: {ListenError('127.0.0.1', 8000, 'address already in use')}",
        f"PROMETHEUS_HOST: {ListenError('192.0.2.1', 8000, 'cannot assign requested address')}",
        wrong_start(PROMETHEUS_WEB_CONFIG="/nonexistent/web.yml"),
    ]
    told = {
        text for page in (README, MONITORING) for text in re.findall(r"start ends with `([^`]+) …`", page.read_text())
    }
    assert len(told) == len(real)
    assert all(any(line.startswith(text) for line in real) for text in told)
