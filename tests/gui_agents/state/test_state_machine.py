"""The table, the streams and the statistics, through the verbs of the state, against a model in plain dicts."""

from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from gui_agents.domain.actions import SANDBOX_ACTIONS
from gui_agents.domain.egress import EgressVerdict
from gui_agents.domain.errors import NotFoundError
from gui_agents.domain.lifecycle import Ending, FailureReason, IllegalTransitionError, TaskEvent
from gui_agents.domain.sandbox import SandboxEnd, SandboxInfo, SandboxStart, SandboxType
from gui_agents.domain.spec import ConfigType
from gui_agents.domain.task import RejectReason
from gui_agents.domain.usage import Bill, CallOutcome, ModelCall, Usage
from tests.fakes import METHODS, PROVIDERS, FakeClock, a_spec, new_state
from tests.gui_agents.naive import ENDED, NaiveService, Observation, nearest_rank, parts, point_of
from tests.promises import broken, broken_between

RETENTION = 2
LOG_MESSAGES = 3

# Halves of halves, so that sums of doubles are exact in any order.
SECONDS = st.sampled_from([0.0, 0.0078125, 0.25, 0.5, 1.0, 7.5, 60.0, 130.0, 4000.0])
PASSING = st.sampled_from([0.015625, 0.25, 0.5, 1.0, 9.75, 60.0, 299.0, 599.0, 601.0])
WHICH = st.integers(0, 10**6)

ENDINGS = {
    "completed": Ending(event=TaskEvent.COMPLETE, message="done", result="89"),
    "cancelled": Ending(event=TaskEvent.CANCEL, message="cancelled"),
    **{f"failed: {reason}": Ending(event=TaskEvent.FAIL, message="failed", reason=reason) for reason in FailureReason},
}
METHOD_NAMES = [method.name for method in METHODS]
CODES = {method.name: method.codes for method in METHODS}
CURRENCIES = ("USD", "EUR")


class ServiceMachine(RuleBasedStateMachine):
    """Does the same to the state and to the model, and compares everything after each step."""

    def __init__(self):
        super().__init__()
        self.clock = FakeClock(monotonic=1003.5)
        self.state = new_state(self.clock, retention=RETENTION, log_messages=LOG_MESSAGES)
        self.naive = NaiveService(retention=RETENTION, log_messages=LOG_MESSAGES)
        self.before = self.state.snapshot()
        self.started_at = self.clock.monotonic()
        self.number = 0

    def pick(self, which, candidates):
        return candidates[which % len(candidates)]

    def any_task(self, which):
        return self.pick(which, list(self.naive.tasks))

    @property
    def now(self):
        return self.clock.monotonic(), self.clock.time()

    # A task's life.

    @rule()
    def create(self):
        self.number += 1
        task_id = f"task-{self.number}"
        self.state.task_created(task_id, a_spec(), "accepted")
        self.naive.create(task_id, *self.now)

    @rule()
    def create_and_start(self):
        self.create()
        self.start(len(self.naive.in_status("pending")) - 1)

    @rule(how=st.sampled_from(sorted(ENDINGS)))
    def live_a_whole_life(self, how):
        self.create_and_start()
        self.end(list(self.naive.known()).index(f"task-{self.number}"), how)

    @precondition(lambda self: self.naive.known())
    @rule(which=WHICH)
    def create_again(self, which):
        with pytest.raises(ValueError, match="exists already"):
            self.state.task_created(self.pick(which, self.naive.known()), a_spec(), "accepted")

    @precondition(lambda self: self.naive.in_status("pending"))
    @rule(which=WHICH)
    def start(self, which):
        task_id = self.pick(which, self.naive.in_status("pending"))
        self.state.task_started(task_id)
        self.naive.start(task_id, *self.now)

    @precondition(lambda self: self.naive.in_status("running") or self.naive.retained())
    @rule(which=WHICH)
    def start_too_late(self, which):
        before = self.state.snapshot()
        with pytest.raises(IllegalTransitionError):
            self.state.task_started(self.pick(which, [*self.naive.in_status("running"), *self.naive.retained()]))
        assert self.state.snapshot() == before

    @precondition(lambda self: self.naive.known())
    @rule(which=WHICH, how=st.sampled_from(sorted(ENDINGS)))
    def end(self, which, how):
        task_id, ending = self.pick(which, self.naive.known()), ENDINGS[how]
        status = self.naive.status(task_id)
        if status == "running" or (status == "pending" and how != "completed"):
            self.state.task_ended(task_id, ending)
            self.naive.end(task_id, how.partition(":")[0], ending.reason, *self.now)
            return
        before = self.state.snapshot()
        with pytest.raises(IllegalTransitionError):
            self.state.task_ended(task_id, ending)
        assert self.state.snapshot() == before

    @rule(reason=st.sampled_from(RejectReason))
    def reject(self, reason):
        self.state.task_rejected(reason)
        self.naive.rejected[reason] += 1
        self.naive.moments.append((self.clock.monotonic(), "rejected", str(reason)))

    # What happens while a task runs, and what comes too late.

    @precondition(lambda self: self.naive.tasks)
    @rule(which=WHICH, observing=SECONDS, deciding=SECONDS)
    def decide(self, which, observing, deciding):
        task_id, at = self.any_task(which), self.clock.time()
        self.state.decided(task_id, observing, deciding)
        if self.naive.progress(task_id, at):
            self.naive.tasks[task_id]["steps"] += 1
            self.naive.phases["observe"].append(Observation(task_id, observing, at))
            self.naive.phases["decide"].append(Observation(task_id, deciding, at))

    @precondition(lambda self: self.naive.tasks)
    @rule(which=WHICH, seconds=SECONDS, action=st.sampled_from(sorted(SANDBOX_ACTIONS)), ok=st.booleans())
    def act(self, which, seconds, action, ok):
        task_id = self.any_task(which)
        self.state.acted(task_id, action, seconds, ok=ok)
        self.naive.phases["act"].append(Observation(task_id, seconds, self.clock.time()))
        self.naive.actions[str(action), "ok" if ok else "error"] += 1

    @precondition(lambda self: self.naive.tasks)
    @rule(
        which=WHICH,
        provider=st.sampled_from([*PROVIDERS, "never heard of"]),
        outcome=st.sampled_from(CallOutcome),
        tokens=st.none() | st.tuples(*[st.integers(0, 900)] * 4),
        unbilled=st.booleans(),
        price=st.none() | st.tuples(st.sampled_from(CURRENCIES), st.decimals(0, 10**6, places=18)),
        seconds=SECONDS,
    )
    def call_model(self, *, which, provider, outcome, tokens, unbilled, price, seconds):
        task_id, at = self.any_task(which), self.clock.time()
        usage = None if tokens is None else Usage(tokens[0] + tokens[1] + tokens[3], tokens[1], tokens[2], tokens[3])
        currency, amount = (None, Decimal(0)) if price is None else price
        call = ModelCall(provider, "m", outcome, usage, seconds, unbilled)
        self.state.model_called(task_id, call, Bill(amount if usage else Decimal(0), currency))
        bill = {
            "provider": provider if provider in PROVIDERS else "other",
            "outcome": str(outcome),
            "usage": usage,
            "input": usage.input_tokens if usage else 0,
            "cached": usage.cached_input_tokens if usage else 0,
            "written": usage.cache_write_tokens if usage else 0,
            "billed": usage is not None or not unbilled,
            "output": usage.output_tokens if usage else 0,
            "currency": currency,
            "amount": amount if usage else Decimal(0),
            "exemplar": Observation(task_id, seconds, at),
        }
        self.naive.calls.append(bill)
        self.naive.moments.append((self.clock.monotonic(), "called", str(outcome)))
        if self.naive.progress(task_id, at):
            self.naive.tasks[task_id]["bills"].append(bill)

    @precondition(lambda self: self.naive.tasks)
    @rule(which=WHICH)
    def tell(self, which):
        task_id = self.any_task(which)
        self.state.step_told(task_id, "a step")
        if self.naive.progress(task_id, self.clock.time()):
            self.naive.tasks[task_id]["messages"].append(("step", self.clock.time()))

    @precondition(lambda self: self.naive.tasks)
    @rule(which=WHICH, kind=st.sampled_from(SandboxType), start=st.sampled_from(SandboxStart), seconds=SECONDS)
    def give_sandbox(self, which, kind, start, seconds):
        task_id, at = self.any_task(which), self.clock.time()
        of_kind = [sandbox for sandbox in self.naive.sandboxes if sandbox["type"] == kind and sandbox["open"]]
        free = [sandbox for sandbox in of_kind if (start == "kept") == bool(sandbox["given"])]
        if not free:
            self.state.sandbox_created(kind)
            free = [{"type": str(kind), "open": True, "given": [], "reason": None}]
            self.naive.sandboxes += free
        self.cool()
        sandbox = SandboxInfo("sandbox", kind)
        self.state.sandbox_given(task_id, sandbox, start, seconds)
        self.naive.openings.setdefault((str(kind), str(start)), []).append(Observation(task_id, seconds, at))
        free[0]["given"].append(task_id)
        if self.naive.progress(task_id, at):
            self.naive.tasks[task_id]["sandbox"] = sandbox

    @precondition(lambda self: any(sandbox["open"] for sandbox in self.naive.sandboxes))
    @rule(which=WHICH, reason=st.sampled_from([reason for reason in SandboxEnd if reason != "swept"]))
    def end_sandbox(self, which, reason):
        sandbox = self.pick(which, [sandbox for sandbox in self.naive.sandboxes if sandbox["open"]])
        self.cool()
        self.state.sandbox_ended(SandboxType(sandbox["type"]), reason)
        sandbox["open"] = False
        self.naive.sandboxes_ended[sandbox["type"], str(reason)] += 1

    @rule(kind=st.sampled_from(SandboxType), count=st.integers(0, 3))
    def sweep_sandboxes(self, kind, count):
        self.state.sandboxes_swept(kind, count)
        self.naive.sandboxes_ended[str(kind), "swept"] += count

    @precondition(lambda self: self.naive.warm < sum(sandbox["open"] for sandbox in self.naive.sandboxes))
    @rule()
    def warm(self):
        self.state.sandbox_warm(1)
        self.naive.warm += 1

    def cool(self):
        """What ends or is given to a task must not stand ready any more."""
        if self.naive.warm:
            self.state.sandbox_warm(-1)
            self.naive.warm -= 1

    @rule(verdict=st.sampled_from(EgressVerdict))
    def connect(self, verdict):
        self.state.egress_connection(verdict)
        self.naive.egress[str(verdict)] += 1

    @rule(kind=st.sampled_from(SandboxType))
    def fail_sandbox(self, kind):
        self.state.sandbox_failed(kind)
        self.naive.sandbox_failures[str(kind)] += 1

    # Streams.

    @precondition(lambda self: self.naive.tasks)
    @rule(which=WHICH)
    def subscribe(self, which):
        task_id = self.any_task(which)
        if task_id in self.naive.known():
            subscription = self.state.subscribed(task_id)
            self.naive.subscriptions.append({"task_id": task_id, "cursor": 0, "real": subscription, "open": True})
            return
        with pytest.raises(NotFoundError):
            self.state.subscribed(task_id)

    @precondition(lambda self: self.naive.subscriptions)
    @rule(which=WHICH)
    def take(self, which):
        subscription = self.pick(which, self.naive.subscriptions)
        taken = [
            (str(message.stage), message.published_at) for message in self.state.stream_taken(subscription["real"])
        ]
        missed, new = self.naive.take(subscription)
        assert taken == ([("gap", self.clock.time())] if missed else []) + new
        assert subscription["real"].ended == (self.naive.status(subscription["task_id"]) in ENDED)

    @precondition(lambda self: self.naive.subscriptions)
    @rule(which=WHICH)
    def unsubscribe(self, which):
        subscription = self.pick(which, self.naive.subscriptions)
        self.state.unsubscribed(subscription["real"])
        subscription["open"] = False

    # The service.

    @rule(method=st.sampled_from(METHOD_NAMES))
    def start_rpc(self, method):
        self.state.rpc_started(method)
        self.naive.rpcs.append({"method": method, "code": None, "seconds": None})

    @precondition(lambda self: any(rpc["code"] is None for rpc in self.naive.rpcs))
    @rule(which=WHICH, code=st.sampled_from(["OK", "INTERNAL", "DATA_LOSS"]), seconds=SECONDS)
    def end_rpc(self, which, code, seconds):
        rpc = self.pick(which, [rpc for rpc in self.naive.rpcs if rpc["code"] is None])
        self.state.rpc_ended(rpc["method"], code, seconds)
        rpc.update(code=code, seconds=seconds)

    @rule(config_type=st.sampled_from(ConfigType))
    def update_config(self, config_type):
        self.state.config_updated(config_type)
        self.naive.config_updates[str(config_type)] += 1

    @rule()
    def beat(self):
        self.state.heartbeat()
        self.naive.beats.append(self.clock.monotonic())

    @rule(files=st.integers(0, 10**6))
    def count_files(self, files):
        self.state.runtime_files_counted(files)
        self.naive.files = files

    @rule(seconds=PASSING)
    def pass_time(self, seconds):
        self.clock.advance(seconds)

    # What must hold.

    @invariant()
    def promises_hold(self):
        snapshot = self.state.snapshot()
        assert broken(snapshot) == []
        assert broken_between(self.before, snapshot) == []
        self.before = snapshot

    @invariant()
    def tasks_are_those_of_the_model(self):
        tasks, naive = self.state.snapshot().tasks, self.naive
        assert tasks.created == naive.created()
        assert tasks.live == {status: len(naive.in_status(status)) for status in ("pending", "running")}
        assert tasks.failures == naive.failures()
        assert tasks.rejected == {str(reason): naive.rejected[reason] for reason in RejectReason}
        assert tasks.retained == len(naive.retained())
        assert tasks.oldest_pending_at == naive.oldest("created_at", "pending")
        assert tasks.oldest_progress_at == naive.oldest("progress_at", "running")
        assert sorted(self.state.live()) == sorted(naive.in_status("pending", "running"))
        assert self.state.pending == len(naive.in_status("pending"))
        assert self.state.free_slots == self.state.limits.slots - len(naive.in_status("running"))

    @invariant()
    def the_last_minutes_are_those_of_the_model(self):
        recent, now = self.state.snapshot().recent, self.clock.monotonic()
        for kind, told in (("ended", recent.ended), ("rejected", recent.rejected), ("called", recent.model_calls)):
            counted = self.naive.recent(kind, now)
            assert told == {key: counted[key] for key in told}
            assert counted.total() == sum(told.values())

    @invariant()
    def distributions_are_those_of_the_model(self):
        tasks, naive = self.state.snapshot().tasks, self.naive
        assert parts(tasks.queue_wait) == point_of(tasks.queue_wait.bounds, naive.waits)
        assert parts(tasks.execution) == point_of(tasks.execution.bounds, naive.runs())
        assert parts(tasks.steps) == point_of(tasks.steps.bounds, naive.task_steps())
        assert tasks.latency.sum == sum(ran.value for ran in naive.runs())
        window = naive.window(self.clock.monotonic())
        for quantile, actual in zip(("0.5", "0.95", "0.99"), tasks.latency.quantiles((0.5, 0.95, 0.99)), strict=True):
            assert actual == pytest.approx(nearest_rank(window, quantile), rel=0.01, abs=1e-9, nan_ok=True)

    @invariant()
    def records_are_those_of_the_model(self):
        for task_id, task in self.naive.tasks.items():
            if task_id not in self.naive.known():
                assert self.state.status(task_id) is None
                with pytest.raises(NotFoundError):
                    self.state.record(task_id)
                continue
            record = self.state.record(task_id)
            statistics = record.statistics
            assert self.state.status(task_id) == record.status == self.naive.status(task_id)
            assert record.created_at == task["created_at"]
            assert record.sandbox == task["sandbox"]
            assert (record.ending is not None) == (record.status in ENDED)
            assert statistics.steps == task["steps"]
            billed = (statistics.input_tokens, statistics.output_tokens, statistics.cost)
            assert billed == self.naive.billed(task_id)
            ran = task["ran"].value if task["ran"] else 0.0
            expected = self.clock.monotonic() - task["started"] if record.status == "running" else ran
            assert record.execution_seconds == expected

    @invariant()
    def steps_models_and_sandboxes_are_those_of_the_model(self):
        snapshot, naive = self.state.snapshot(), self.naive
        assert snapshot.steps.steps == sum(task["steps"] for task in naive.tasks.values())
        for phase, point in snapshot.steps.phases.items():
            assert parts(point) == point_of(point.bounds, naive.phases[phase])
        models = snapshot.models
        for provider, tokens in models.tokens.items():
            calls = [call for call in naive.calls if call["provider"] == provider]
            assert tokens.input == sum(call["input"] for call in calls)
            assert tokens.cached_input == sum(call["cached"] for call in calls)
            assert tokens.cache_write == sum(call["written"] for call in calls)
            assert tokens.output == sum(call["output"] for call in calls)
            billed = [call for call in calls if call["billed"]]
            assert models.usage_unknown[provider] == sum(call["usage"] is None for call in billed)
            assert models.price_unknown[provider] == sum(call["currency"] is None for call in billed)
            point = models.durations[provider]
            assert parts(point) == point_of(point.bounds, [call["exemplar"] for call in calls])
            for outcome in CallOutcome:
                assert models.requests[provider, outcome] == sum(call["outcome"] == outcome for call in calls)
        for currency in {"USD", *(call["currency"] for call in naive.calls)} - {None}:
            amounts = [call["amount"] for call in naive.calls if call["currency"] == currency]
            assert models.cost[currency] == sum(amounts, Decimal(0))
        sandboxes = snapshot.sandboxes
        for kind in map(str, SandboxType):
            of_kind = [sandbox for sandbox in naive.sandboxes if sandbox["type"] == kind]
            assert sandboxes.created[kind] == len(of_kind)
            assert sandboxes.open[kind] == sum(sandbox["open"] for sandbox in of_kind)
            assert sandboxes.failures[kind] == naive.sandbox_failures[kind]
        assert sandboxes.warm == naive.warm
        assert {key: count for key, count in sandboxes.ended.items() if count} == +naive.sandboxes_ended
        assert {verdict: count for verdict, count in sandboxes.egress.items() if count} == naive.egress
        assert naive.openings.keys() <= sandboxes.openings.keys()
        for key, point in sandboxes.openings.items():
            assert parts(point) == point_of(point.bounds, naive.openings.get(key, []))
        assert {key: count for key, count in sandboxes.actions.items() if count} == naive.actions

    @invariant()
    def streams_rpcs_and_the_service_are_those_of_the_model(self):
        snapshot, naive = self.state.snapshot(), self.naive
        streams = snapshot.streams
        assert streams.logs == len(naive.known())
        assert streams.subscribers == sum(subscription["open"] for subscription in naive.subscriptions)
        assert streams.messages == naive.messages()
        assert streams.skipped == naive.skipped
        for method in METHOD_NAMES:
            calls = [rpc for rpc in naive.rpcs if rpc["method"] == method]
            ended = [rpc for rpc in calls if rpc["code"]]
            assert snapshot.rpcs.started[method] == len(calls)
            point = snapshot.rpcs.durations[method]
            observations = [Observation("", rpc["seconds"], 0.0) for rpc in ended]
            assert parts(point) == point_of(point.bounds, observations, exemplary=False)
            for code in {*CODES[method], *(rpc["code"] for rpc in ended)}:
                assert snapshot.rpcs.handled[method, code] == sum(rpc["code"] == code for rpc in ended)
        assert snapshot.service.config_updates == {str(kind): naive.config_updates[str(kind)] for kind in ConfigType}
        assert snapshot.service.runtime_files == naive.files
        beats = [self.started_at, *naive.beats]
        late = [max(0.0, later - earlier - 0.25) for earlier, later in pairwise(beats)]
        assert snapshot.service.heartbeat.last_monotonic_seconds == beats[-1]
        assert snapshot.service.heartbeat.lateness_seconds == sum(late)


TestService = ServiceMachine.TestCase
TestService.settings = settings(stateful_step_count=30)
