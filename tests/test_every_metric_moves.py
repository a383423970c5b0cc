"""A metric that is declared and never moves is a defect: each sample of the catalogue is made to move."""

import math
from decimal import Decimal
from itertools import product

import pytest
from prometheus_client import CollectorRegistry

import collectors
from collectors.exposition.reading import OUTCOMES
from collectors.metrics import catalogue, process
from gui_agents.domain.access import REFUSING, AuthFailure
from gui_agents.domain.actions import SANDBOX_ACTIONS
from gui_agents.domain.egress import EgressVerdict
from gui_agents.domain.journal import KeepsNothing
from gui_agents.domain.lifecycle import Ending, FailureReason, TaskEvent
from gui_agents.domain.price import Quote
from gui_agents.domain.sandbox import SandboxEnd, SandboxInfo, SandboxStart, SandboxType
from gui_agents.domain.spec import ConfigType
from gui_agents.domain.storage import StorageOperation, StorageOutcome
from gui_agents.domain.task import RejectReason
from gui_agents.domain.usage import Bill, CallOutcome, ModelCall, Usage
from gui_agents.rpc.methods import COUNTED
from gui_agents.state.access_stats import AccessStats
from tests.fakes import PROVIDERS, FakeClock, a_spec, new_state

NEVER_MOVE = {
    "agent_service_info": "what the service says of itself",
    "agent_task_slots": "a configured limit",
    "agent_task_queue_capacity": "a configured limit",
    "agent_task_retention_limit": "a configured limit",
    "agent_budget_limit": "a configured limit",
}
"""What is constant by its meaning."""

BY_ITSELF = {metric.name for metric in (*process.section().metrics, *OUTCOMES.metrics)}
"""What the process and each scrape report, whatever the service does; tested beside the collector."""

SECONDS = (0.001, 0.007, 0.02, 0.03, 0.07, 0.2, 0.3, 0.7, 2.0, 3.0, 7.0, 20.0, 40.0, 90.0, 200.0, 400.0, 1000.0)
"""For every bucket of an RPC, a phase, a wait, and times 4 of a task."""

ENDINGS = (
    Ending(event=TaskEvent.COMPLETE, message="done"),
    Ending(event=TaskEvent.CANCEL, message="cancelled"),
    *[Ending(event=TaskEvent.FAIL, message="failed", reason=reason) for reason in FailureReason],
)


class Queue(KeepsNothing):
    """The journal of a storage that does not answer."""

    def append(self, _):
        self.queued += 1


class Service:
    """A state and the samples of its collector."""

    def __init__(self):
        self.clock = FakeClock()
        self.state = new_state(
            self.clock,
            slots=40,
            queue_capacity=10,
            retention=5,
            log_messages=4,
            methods=COUNTED,
            day_limits={"USD": Decimal(5)},
            task_limits={"USD": Decimal(1)},
            journal=Queue(),
            access=AccessStats(tokens=True, quotas=True),
        )
        self.registry = CollectorRegistry()
        collectors.register(self.state, self.registry)
        self.seen = [self.samples()]

    def samples(self):
        return {
            (sample.name, tuple(sorted(sample.labels.items()))): sample.value
            for family in self.registry.collect()
            for sample in family.samples
        }

    def look(self):
        """Remember what is shown now."""
        self.seen.append(self.samples())


def work(service):
    """Let everything happen that can happen, and look whenever something is about to change back."""
    for reason in RejectReason:
        service.state.task_rejected(reason)
    for config_type in ConfigType:
        service.state.config_updated(config_type)
    for kind in SandboxType:
        service.state.sandbox_failed(kind)
    for verdict in EgressVerdict:
        service.state.egress_connection(verdict)
    for failure in AuthFailure:
        service.state.auth_failed(failure)
    for quota in REFUSING:
        service.state.quota_rejected(quota)
    service.state.runtime_files_counted(7)
    store(service.state)
    for number, ending in enumerate((*ENDINGS, *ENDINGS)):
        run_a_task(service, number, ending)
    for method in COUNTED:
        call(service, method)
    service.look()


def store(state):
    """Do everything that is done with a storage."""
    for seconds in SECONDS:
        state.storage_committed(seconds)
    for operation in StorageOperation:
        state.storage_done(operation, StorageOutcome.ERROR)
    for operation in (StorageOperation.READ, StorageOperation.EXPIRE):
        state.storage_done(operation, StorageOutcome.OK)
    state.storage_measured(4096)


def run_a_task(service, number, ending):
    state, task_id = service.state, f"task-{number}"
    kind = list(SandboxType)[number % len(SandboxType)]
    state.task_created(task_id, a_spec(), "accepted")
    service.clock.advance(SECONDS[number % len(SECONDS)])
    service.look()
    state.task_started(task_id)
    state.sandbox_created(kind)
    state.sandbox_warm(1)
    subscription = state.subscribed(task_id)
    service.look()
    state.sandbox_warm(-1)
    for start, seconds in product(SandboxStart, SECONDS):
        state.sandbox_given(task_id, SandboxInfo("sandbox", kind), start, seconds)
    for seconds in SECONDS if number % 5 else SECONDS[:1]:
        take_a_step(state, task_id, seconds)
    service.clock.advance(SECONDS[-number % len(SECONDS)] * 4)
    service.look()
    state.task_ended(task_id, ending)
    state.stream_taken(subscription)
    state.unsubscribed(subscription)
    for reason in SandboxEnd:
        if reason is SandboxEnd.SWEPT:
            state.sandboxes_swept(kind, 1)
        else:
            state.sandbox_created(kind)
            state.sandbox_ended(kind, reason)
    state.sandbox_ended(kind, SandboxEnd.CLOSED)
    state.heartbeat()
    service.look()


def take_a_step(state, task_id, seconds):
    """Decide, call every model with every outcome, and try every action."""
    known = seconds < 1
    usage, bill = (Usage(1000, 400, 50, 100), Bill(Decimal("0.5"), "USD")) if known else (None, Bill(Decimal(0), None))
    state.budget_claimed(Quote(Decimal("0.01"), Decimal(0), "USD"), 1, 1)
    for provider, outcome in product((*PROVIDERS, "unheard of"), CallOutcome):
        state.model_called(task_id, ModelCall(provider, "m", outcome, usage, seconds), bill)
    state.decided(task_id, seconds, seconds)
    for action, ok in product(sorted(SANDBOX_ACTIONS), (True, False)):
        state.acted(task_id, action, seconds, ok=ok)
    state.step_told(task_id, "a step")


def call(service, method):
    for code, seconds in product(method.codes, SECONDS):
        service.state.rpc_started(method.name)
        if code == "OK" and seconds == SECONDS[0]:
            service.look()
        service.state.rpc_ended(method.name, code, seconds)


@pytest.fixture(scope="module")
def worked():
    service = Service()
    work(service)
    return service


def rows():
    return [metric for section in catalogue.sections() for metric in section.metrics]


def moves(service, belongs):
    """Return for each sample that belongs to a metric whether it has changed."""
    first, *later = service.seen
    keys = {key for seen in service.seen for key in seen if belongs(key[0])}
    return {key: any(_differ(first.get(key), seen.get(key)) for seen in later) for key in keys}


def _differ(one, other):
    if one is None or other is None:
        return one is not other
    return one != other and not (math.isnan(one) and math.isnan(other))


@pytest.mark.parametrize("metric", rows(), ids=lambda metric: metric.name)
def test_every_sample_of_a_metric_moves(worked, metric):
    moved = moves(worked, metric.names.__contains__)
    assert moved, f"{metric.name} was never shown"
    if metric.name in NEVER_MOVE:
        assert not any(moved.values())
    elif metric.name not in BY_ITSELF:
        assert [key for key, has_moved in moved.items() if not has_moved] == []


def test_the_exceptions_are_metrics_of_the_catalogue():
    names = {metric.name for metric in rows()}
    assert NEVER_MOVE.keys() <= names
    assert BY_ITSELF - names == {metric.name for metric in OUTCOMES.metrics}


def test_every_label_set_is_there_from_the_first_scrape(worked):
    first, last = worked.seen[0], worked.seen[-1]
    late = {name for name, _ in last.keys() - first.keys()}
    # What a type's first sandbox brings, before a task can have one that was not cold.
    openings = {f"agent_sandbox_open_duration_seconds_{part}" for part in ("bucket", "count", "sum")}
    assert late == {"agent_task_success_rate", *openings}
    cold = {name for name, labels in last.keys() - first.keys() if ("start", "cold") in labels}
    assert cold == set()
