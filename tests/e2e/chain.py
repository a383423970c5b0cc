"""The chain from the service to a webhook: one Prometheus, one Alertmanager, and a job for each group of faults."""

import contextlib
import json
import re
import time
from collections.abc import AsyncIterator, Callable, Sequence
from fractions import Fraction
from pathlib import Path

import attrs
import yaml

from collectors.operations import configuration, rules
from collectors.operations.configuration import Site
from collectors.operations.model import DEFAULT_ADDRESS, Setting
from collectors.operations.thresholds import Thresholds
from tests.e2e.programs import Instance, alertmanager, get, prometheus, query, until
from tests.e2e.webhook import Delivery, Inbox, inbox

SCALE = Fraction(1, 120)
OUTAGE_SCALE = Fraction(1, 15)
LONGER_SCALES = {
    "outage": OUTAGE_SCALE,
    "loop": Fraction(1, 30),
    **dict.fromkeys(("scrape", "rpc", "sandbox", "storage"), Fraction(1, 60)),
}
"""Of jobs whose alerts compare what happens with a duration, which would be too short for two busy cores at 1:120."""
THRESHOLDS = Thresholds(
    scrape_seconds=9,
    loop_blocked_seconds=12,
    grpc_latency_p95_seconds=9,
    sandbox_open_p95_seconds=59,
    storage_commit_p95_seconds=4.9,
    storage_queue=2,
    tokens=100_000,
)
"""Five durations are longer than the defaults, which would be too short for a busy machine with two cores.

No model of a test answers for millions of tokens, and no instance has ten thousand things to write at once.
"""

PATIENCE_SECONDS = 150
UNSERVED = {"AllInstancesDown", "TargetsMissing"}
"""The alerts at which nobody is there to serve their runbooks."""
UNREACHABLE = {"ServiceDown", "Restarting", "ScrapesFail", "MetricsAbsent"}
"""Those at which, on a busy machine, no scrape may have succeeded for a moment, so that no instance was known."""
UNREADABLE = re.compile(r"\d\.\d{3}|\d[eE][+-]\d|<no value>|error expanding|\{\{")
"""What no text of an alert has: numbers that nobody reads at night, and templates that could not be filled."""
SCRAPED = {"scrape_interval": "500ms", "scrape_timeout": "500ms"}

Fault = Callable[[], contextlib.AbstractAsyncContextManager[None]]
"""Makes a block that begins with a fault and ends with its healing."""


@attrs.frozen
class Seen:
    """What became of one alert."""

    job: str
    alert: str
    receiver: str
    fired: float
    """Seconds after its fault began."""
    resolved: float
    """Seconds after its fault ended."""


@attrs.define
class Chain:
    """What the faults of a test work with."""

    directory: Path
    inbox: Inbox
    port: int
    """Of Prometheus."""
    seen: list[Seen] = attrs.field(factory=list)

    def aim(self, job: str, targets: Sequence[str]) -> None:
        """Tell Prometheus which targets a job has."""
        path = self.directory / "targets" / f"{job}.json"
        draft = path.with_suffix(".draft")
        draft.write_text(json.dumps([{"targets": list(targets)}] if targets else []), "utf-8")
        draft.rename(path)

    @contextlib.asynccontextmanager
    async def instances(self, job: str, *environments: dict[str, object]) -> AsyncIterator[list[Instance]]:
        """Run the instances of a job, and scrape them."""
        started = [Instance(self.directory, f"{job}-{index}", **env) for index, env in enumerate(environments)]
        try:
            for instance in started:
                await instance.start()
            self.aim(job, [instance.target for instance in started])
            await until(lambda: self._up(job) == len(started), f"{job} is scraped")
            yield started
        finally:
            for instance in started:
                await instance.kill()

    def _up(self, job: str) -> int:
        return len(query(self.port, f'up{{job="{job}"}} == 1'))

    def _alerts(self, job: str) -> list[str]:
        found = query(self.port, f'ALERTS{{job="{job}"}}')
        return [f"{one['metric']['alertname']} {one['metric']['alertstate']}" for one in found]

    async def prove(self, job: str, alerts: Sequence[str], fault: Fault) -> None:
        """Inject the fault, wait until all alerts fire, heal it, and wait until none of them does any more."""
        for alert in alerts:
            await until(lambda alert=alert: not self.inbox.firing(job, alert), f"{alert} of {job} is quiet")
        injected = time.monotonic()
        fired: dict[str, Delivery] = {}

        def all_fire() -> bool:
            now = {alert: self.inbox.firing(job, alert) for alert in alerts}
            for alert, deliveries in now.items():
                fired.update({alert: deliveries[0]} if deliveries and alert not in fired else {})
            return all(now.values())

        async with fault():
            try:
                await until(all_fire, "all fire", PATIENCE_SECONDS)
            except AssertionError as error:
                silent = [alert for alert in alerts if not self.inbox.firing(job, alert)]
                error.add_note(f"{job}: silent are {silent}; Prometheus has {self._alerts(job)}")
                raise
            for alert in set(alerts) - UNSERVED:
                await self._open_runbook(job, alert)
            healing = time.monotonic()
        for alert in alerts:
            await until(lambda alert=alert: not self.inbox.firing(job, alert), f"{alert} resolves", PATIENCE_SECONDS)
            first, last = fired[alert], self.inbox.latest(job, alert)
            assert not UNREADABLE.search(" ".join(first.annotations.values())), first.annotations
            self.seen.append(Seen(job, alert, first.receiver, first.at - injected, last.at - healing))

    async def _open_runbook(self, job: str, alert: str) -> None:
        """Open the address in the latest notification: an instance that is up serves the page."""
        title = f"<h1>{alert}</h1>".encode()

        def opens() -> bool:
            url = self.inbox.latest(job, alert).annotations["runbook_url"]
            return (alert in UNREACHABLE and DEFAULT_ADDRESS in url) or title in get(url)

        await until(opens, f"the runbook of {alert} opens")

    def table(self) -> str:
        """Return what fired when, in seconds after its fault began, and resolved, in seconds after it ended."""
        lines = [f"{'alert':<28}{'job':<10}{'receiver':<18}{'fired after':>12}{'resolved after':>16}"]
        lines.extend(
            f"{seen.alert:<28}{seen.job:<10}{seen.receiver:<18}{seen.fired:>10.1f} s{seen.resolved:>14.1f} s"
            for seen in sorted(self.seen, key=lambda one: (one.job, one.fired))
        )
        return "\n".join(lines)


@contextlib.asynccontextmanager
async def chain(directory: Path, jobs: Sequence[str]) -> AsyncIterator[Chain]:
    """Run Prometheus with the rules of every job on a fast clock, Alertmanager with our routing, and the webhook."""
    (directory / "targets").mkdir()
    with inbox() as box:
        routing = directory / "alertmanager.yml"
        routing.write_text(_hurried(configuration.alertmanager(Site(webhook=f"http://127.0.0.1:{box.port}"))), "utf-8")
        async with alertmanager(directory, routing) as alerts:
            config = directory / "prometheus.yml"
            config.write_text(json.dumps(_scraping(directory, jobs, alerts)), "utf-8")
            async with prometheus(directory, config, "--rules.alert.resend-delay=1s") as port:
                yield Chain(directory, box, port)


def scaled(minutes: float) -> float:
    """Return how many seconds so many minutes last for the job whose outage is timed."""
    return float(minutes * 60 * OUTAGE_SCALE)


def _hurried(text: str) -> str:
    """Return the routing as it is, without its pauses, and with every receiver told of the end."""
    data = yaml.safe_load(text)
    for route in (data["route"], *data["route"]["routes"]):
        route |= {"group_wait": "0s", "group_interval": "500ms"}
    for receiver in data["receivers"]:
        for webhook in receiver["webhook_configs"]:
            webhook["send_resolved"] = True
    return json.dumps(data)


def _scraping(directory: Path, jobs: Sequence[str], alerts: int) -> dict[str, object]:
    files = []
    for job in jobs:
        setting = Setting(job=job, scale=LONGER_SCALES.get(job, SCALE), thresholds=THRESHOLDS)
        for kind, text in (("recordings", rules.recording_rules(setting)), ("alerts", rules.alert_rules(setting))):
            path = directory / f"{job}-{kind}.yml"
            path.write_text(text, "utf-8")
            files.append(str(path))
    return {
        "global": {**SCRAPED, "evaluation_interval": "500ms"},
        "rule_files": files,
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": [f"127.0.0.1:{alerts}"]}]}]},
        "scrape_configs": [
            {
                "job_name": job,
                "file_sd_configs": [{"files": [str(directory / "targets" / f"{job}.json")]}],
            }
            for job in jobs
        ],
    }
