"""A real Prometheus reads the native histograms: its quantiles beside the exact ones of known durations."""

import math
import random
import re
import time
from decimal import Decimal
from pathlib import Path

import attrs
import pytest
import yaml

from gui_agents.domain.lifecycle import Ending, TaskEvent
from gui_agents.domain.usage import Bill, CallOutcome, ModelCall
from tests.collectors.exposition.test_native_histograms import DURATIONS
from tests.collectors.http.serving import serving
from tests.e2e.programs import prometheus, query, until
from tests.fakes import FakeClock, a_spec, new_state

pytestmark = pytest.mark.system_tools

QUANTILES = (0.5, 0.95, 0.99)
WITHIN = 0.05
TASKS = 2000
PAGE = Path(__file__).parents[3] / "docs" / "native-histograms.md"


def scrape_configuration(target):
    """Return the jobs that the documentation recommends, and one that takes all there is as it comes."""
    (fence,) = re.findall(r"^```yaml\n(.*?)^```", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    recommended = yaml.safe_load(fence.replace("127.0.0.1:8000", target))["scrape_configs"]
    everything = {"job_name": "everything", "static_configs": [{"targets": [target]}]}
    return yaml.safe_dump(
        {
            "global": {"scrape_interval": "500ms", "scrape_timeout": "500ms"},
            "scrape_configs": [*recommended, everything],
        }
    )


class Fed:
    """A service whose durations are all known."""

    def __init__(self):
        self.clock = FakeClock()
        self.state = new_state(self.clock, native=True)
        self.known = {}
        """Every duration, by the series that must tell it."""
        self._source = random.Random(20)

    def feed(self):
        for number in range(TASKS):
            self._run_a_task(f"task-{number}")

    def _run_a_task(self, task_id):
        state = self.state
        state.task_created(task_id, a_spec(), "accepted")
        self.clock.advance(self._drawn('agent_task_queue_wait_duration_seconds{job="JOB"}', 0.05, 1.2))
        state.task_started(task_id)
        observe = self._drawn('agent_step_phase_duration_seconds{job="JOB",phase="observe"}', 0.02, 0.5)
        decide = self._drawn('agent_step_phase_duration_seconds{job="JOB",phase="decide"}', 2.0, 0.8)
        state.decided(task_id, observe, decide)
        call = self._drawn('agent_model_request_duration_seconds{job="JOB",provider="openai"}', 2.0, 0.8)
        state.model_called(
            task_id,
            ModelCall(provider="openai", model="m", outcome=CallOutcome.OK, duration_seconds=call, usage=None),
            Bill(Decimal(0), None),
        )
        rpc = self._drawn('agent_grpc_request_duration_seconds{job="JOB",method="QueryTaskStatus"}', 0.002, 1.0)
        state.rpc_started("QueryTaskStatus")
        state.rpc_ended("QueryTaskStatus", "OK", rpc)
        self.clock.advance(self._drawn('agent_task_execution_duration_seconds{job="JOB"}', 45.0, 1.0))
        state.task_ended(task_id, Ending(event=TaskEvent.COMPLETE, message="done"))

    def _drawn(self, series, median, spread):
        seconds = self._source.lognormvariate(math.log(median), spread)
        self.known.setdefault(series, []).append(seconds)
        return seconds


def exact(values, quantile):
    """Return the nearest-rank quantile."""
    return sorted(values)[math.ceil(quantile * len(values)) - 1]


@attrs.frozen
class Instant:
    """When Prometheus had scraped all jobs: on a busy machine a later scrape may fail, which ends its series."""

    port: int
    at: float

    def query(self, expression):
        return query(self.port, expression, self.at)


def value(instant, expression):
    """Return the one value of a query; None for no answer."""
    found = instant.query(expression)
    assert len(found) <= 1
    return float(found[0]["value"][1]) if found else None


@pytest.fixture
async def scraped(tmp_path):
    """The instant at which a Prometheus had scraped all three jobs, and the service behind them."""
    fed = Fed()
    fed.feed()
    with serving(fed.state, native_histograms=True) as endpoint:
        config = tmp_path / "prometheus.yml"
        config.write_text(scrape_configuration(f"127.0.0.1:{endpoint.port}"), encoding="utf-8")
        async with prometheus(tmp_path, config, "--enable-feature=native-histograms") as port:

            def all_scraped():
                # What began before is over, also if it failed: a scrape may take half a second.
                instant = Instant(port, time.time() - 1)
                return value(instant, "count(scrape_samples_scraped > 0)") == 3 and instant

            yield fed, await until(all_scraped, "a scrape of each job")


async def test_its_quantiles_are_those_of_the_durations(scraped):
    fed, instant = scraped
    assert len(fed.known) == 6
    for job in ("gui_agents_native", "everything"):
        for series, durations in fed.known.items():
            named = series.replace("JOB", job)
            assert value(instant, f"histogram_count({named})") == len(durations)
            assert value(instant, f"histogram_sum({named})") == pytest.approx(sum(durations))
            for quantile in QUANTILES:
                told = value(instant, f"histogram_quantile({quantile}, {named})")
                assert told == pytest.approx(exact(durations, quantile), rel=WITHIN), (named, quantile)


async def test_counts_sums_and_shares_can_be_asked_of_them(scraped):
    fed, instant = scraped
    series = 'agent_task_execution_duration_seconds{job="JOB"}'
    durations, named = fed.known[series], series.replace("JOB", "gui_agents_native")
    mean = value(instant, f"histogram_sum({named}) / histogram_count({named})")
    share = value(instant, f"histogram_fraction(0, 60, {named})")
    assert mean == pytest.approx(sum(durations) / TASKS)
    assert share == pytest.approx(sum(seconds <= 60 for seconds in durations) / TASKS, abs=0.01)


async def test_classic_buckets_reach_the_job_that_asks_for_text_and_no_other(scraped):
    _, instant = scraped
    for name in sorted(DURATIONS):
        assert value(instant, f'count({name}_bucket{{job="gui_agents"}})') > 0
        assert value(instant, f'count({name}{{job="gui_agents"}})') is None
        for job in ("gui_agents_native", "everything"):
            assert value(instant, f'count({name}_bucket{{job="{job}"}})') is None
            assert value(instant, f'count({name}_count{{job="{job}"}})') is None
    assert value(instant, 'agent_task_execution_duration_seconds_count{job="gui_agents"}') == TASKS
    assert value(instant, 'agent_task_steps_count{job="everything"}') == TASKS


async def test_everything_else_is_the_same_in_both_formats(scraped):
    _, instant = scraped
    differing = '{__name__=~"agent_.*",__name__!~".*(uptime|lag|blocked|memory|collector).*"}'
    text = {
        key: found
        for key, found in by_series(instant, f'{differing[:-1]},job="gui_agents"}}').items()
        if key[0].rpartition("_")[0] not in DURATIONS
    }
    protobuf = {
        key: found
        for key, found in by_series(instant, f'{differing[:-1]},job="everything"}}').items()
        if key[0] not in DURATIONS
    }
    assert protobuf == text
    assert len(text) > 100
    assert value(instant, 'process_cpu_seconds_total{job="everything"}') > 0


def by_series(instant, selector):
    """Return the values of series by name and labels, without the job."""
    return {
        (labels["__name__"], frozenset(item for item in labels.items() if item[0] not in ("job", "__name__"))): value
        for labels, value in ((found["metric"], found.get("value", [0, None])[1]) for found in instant.query(selector))
    }
