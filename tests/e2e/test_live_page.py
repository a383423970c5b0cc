"""The page of a running service, by Prometheus's own linter and by the strict parser of OpenMetrics."""

import subprocess
import urllib.request

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from tests.e2e.programs import Instance, get
from tests.system_tools import require_program

pytestmark = pytest.mark.system_tools

KNOWN = 'agent_temp_files_count non-histogram and non-summary metrics should not have "_count" suffix'
"""The name is relied on and stays."""


@pytest.fixture
async def page(tmp_path):
    instance = Instance(tmp_path, "instance")
    await instance.start()
    yield f"http://{instance.target}/metrics"
    await instance.kill()


async def test_promlint_finds_nothing_but_the_known_exception(page):
    command = [require_program("promtool"), "check", "metrics"]
    done = subprocess.run(  # noqa: ASYNC221 - it ends at once
        command, input=get(page), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
    )
    told = [line for line in done.stdout.decode().splitlines() if line.startswith("agent_")]
    assert told == [KNOWN]


async def test_the_parser_of_openmetrics_accepts_the_page(page):
    request = urllib.request.Request(page, headers={"Accept": "application/openmetrics-text; version=1.0.0"})  # noqa: S310
    with urllib.request.urlopen(request, timeout=10) as reply:  # noqa: ASYNC210, S310 - of this machine, at once
        assert reply.headers["Content-Type"].startswith("application/openmetrics-text")
        text = reply.read().decode()
    assert text.endswith("# EOF\n")
    assert sum(family.name.startswith("agent_") for family in text_string_to_metric_families(text)) > 40
