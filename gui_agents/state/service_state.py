"""The service's state: one lock, one method for each thing that happens, and the snapshot of everything.

Theory of operation. The task table, the stream manager and the statistics are plain objects without a lock. This module
owns the one lock that guards them all. A method that changes something (a verb) is one critical section of a few plain
Python operations: no await, no I/O, no log, no formatting. What belongs together changes in one verb: a transition, the
tallies that it moves, its histograms, the task's last message. A scrape can therefore not see half of it.

Only the event loop calls verbs, so the lock has two parties: the loop and the scrape. The loop may read without the
lock, because only the loop writes. The lock is not reentrant: nothing here may be called from `__del__`, weak
references, signal handlers or logging.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from threading import Lock
from typing import Final

from gui_agents.domain.access import AuthFailure, Quota
from gui_agents.domain.actions import ActionName
from gui_agents.domain.claim import NOTHING, Claim
from gui_agents.domain.clock import Clock, SteadyClock
from gui_agents.domain.egress import EgressVerdict
from gui_agents.domain.journal import NO_JOURNAL, Journal, Step
from gui_agents.domain.lifecycle import ENDS, Ending, TaskEvent, TaskStatus
from gui_agents.domain.model import NO_HISTORY, History
from gui_agents.domain.price import Quote
from gui_agents.domain.sandbox import SandboxEnd, SandboxInfo, SandboxStart, SandboxType
from gui_agents.domain.spec import ConfigType, TaskSpec
from gui_agents.domain.storage import StorageOperation, StorageOutcome, StoredTask
from gui_agents.domain.stream import Stage, StreamMessage
from gui_agents.domain.task import RejectReason, TaskLimits, TaskRecord
from gui_agents.domain.usage import Bill, ModelCall
from gui_agents.domain.weight import weight
from gui_agents.snapshot import HeartbeatSnapshot, ServiceInfo, ServicePart, ServiceSnapshot
from gui_agents.state.budgets import Budgets, day_of, wake_claims
from gui_agents.state.recent import RecentStats
from gui_agents.state.recorder import Recorder
from gui_agents.state.stats import ServiceStats
from gui_agents.state.streams import StreamManager, Subscription, wake
from gui_agents.state.table import TaskTable

HEARTBEAT_SECONDS: Final = 0.25

_LAST_STAGE: Final = {
    TaskEvent.COMPLETE: Stage.FINISHED,
    TaskEvent.FAIL: Stage.ERROR,
    TaskEvent.CANCEL: Stage.CANCELLED,
}


class ServiceState:
    """The tasks, streams, counts and limits of one service."""

    def __init__(
        self,
        *,
        info: ServiceInfo,
        limits: TaskLimits,
        stats: ServiceStats,
        streams: StreamManager,
        clock: Clock,
        budgets: Budgets | None = None,
        journal: Journal = NO_JOURNAL,
    ) -> None:
        clock = SteadyClock(clock)
        self._lock = Lock()
        self._monotonic = clock.monotonic
        self._time = clock.time
        self._dated = clock.dated
        self._info = info
        self._table = TaskTable(limits, native=stats.native)
        self._streams = streams
        self._stats = stats
        self._budgets = Budgets({}, {}) if budgets is None else budgets
        self._journal = journal
        self._recorder = Recorder(journal, self._table)
        self._recent = RecentStats()
        self._started_monotonic = clock.monotonic()
        self._last_beat = self._started_monotonic
        self._lateness = 0.0
        self._runtime_files = 0

    # Reading, for the event loop.

    @property
    def info(self) -> ServiceInfo:
        """Version, limits and host of the service."""
        return self._info

    @property
    def limits(self) -> TaskLimits:
        """The configured limits."""
        return self._table.limits

    @property
    def pending(self) -> int:
        """Tasks that wait now."""
        return self._table.pending

    @property
    def free_slots(self) -> int:
        """Free slots now."""
        return self._table.limits.slots - self._table.running

    @property
    def kept(self) -> int:
        """Tasks in memory, ended ones included."""
        return len(self._table)

    def live(self) -> list[str]:
        """Return the ids of all tasks that have not ended."""
        return self._table.live()

    def status(self, task_id: str) -> TaskStatus | None:
        """Return a task's status, or None for an unknown one."""
        return self._table.status(task_id)

    def owner(self, task_id: str) -> str | None:
        """Return who started a task, or None for an unknown one."""
        return self._table.owner(task_id)

    def record(self, task_id: str) -> TaskRecord:
        """Return a task as it is now.

        Raises:
            NotFoundError: the task is unknown, or no longer retained.
        """
        return self._table.record(task_id, self._monotonic())

    # A task's life.

    def task_created(self, task_id: str, spec: TaskSpec, message: str) -> None:
        """Add a pending task. `message` becomes the first message of its stream."""
        with self._lock:
            now, at = self._monotonic(), self._time()
            self._table.create(task_id, spec, now, at)
            self._recorder.created(task_id, spec, at)
            self._streams.open(task_id)
            self._publish(task_id, StreamMessage(Stage.STARTING, message, at))

    def task_restored(
        self, stored: StoredTask, spec: TaskSpec, message: str, past: Iterable[StreamMessage] = ()
    ) -> None:
        """Add a task that an earlier service has accepted, as pending and under a new attempt.

        `past` are the messages that its stream had, and `message` is the next one.
        """
        task_id = stored.record.task_id
        with self._lock:
            self._table.create(task_id, spec, self._monotonic(), stored.record.created_at, stored.attempt + 1)
            self._recorder.requeued(task_id)
            self._streams.open(task_id, past)
            self._publish(task_id, StreamMessage(Stage.STARTING, message, self._time()))

    def task_rejected(self, reason: RejectReason) -> None:
        """Count a refused submission."""
        with self._lock:
            self._table.reject(reason)
            self._recent.rejected.count(reason, self._monotonic())

    def task_started(self, task_id: str) -> None:
        """Give a pending task a slot.

        Raises:
            IllegalTransitionError: it is not pending; nothing changed.
        """
        with self._lock:
            at = self._time()
            self._table.start(task_id, self._monotonic(), at)
            self._recorder.started(task_id, at)

    def history(self, task_id: str) -> History:
        """Return the conversation of a task that has ended.

        Raises:
            NotFoundError: the task is unknown, or no longer retained.
        """
        return self._table.history(task_id)

    def task_ended(
        self, task_id: str, ending: Ending, history: History = NO_HISTORY, owner_bytes: int | None = None
    ) -> None:
        """End a live task. Its slot is free, its statistics are final and its stream gets its last message.

        `history` is its conversation, which other tasks may continue as long as the task is retained. `owner_bytes` is
        what ended tasks of its owner may take in memory; None is no limit.

        Raises:
            IllegalTransitionError: it has ended already; nothing changed.
        """
        # Before the lock: only the loop, which is here, changes any of it.
        kept = weight(self._table.spec(task_id)) + weight(ending) + self._streams.weight(task_id) + history.text_bytes
        with self._lock:
            now, at = self._monotonic(), self._time()
            last, status = self._table.record(task_id, now), ENDS[ending.event]
            self._table.end(task_id, ending, now, at, weight=kept, history=history)
            self._recorder.ended(last, status, ending, history, at)
            self._recent.ended.count(status, now)
            waiting = self._publish(task_id, StreamMessage(_LAST_STAGE[ending.event], ending.message, at), last=True)
            self._drop(self._table.evict(last.spec.owner, owner_bytes))
        wake(waiting)
        self._evict_later()

    def _publish(self, task_id: str, message: StreamMessage, *, last: bool = False) -> Sequence[Subscription]:
        """Append a message to a task's stream and to the journal; return the subscriptions to wake."""
        self._recorder.published(task_id, self._streams.next_position(task_id), message)
        return self._streams.publish(task_id, message, last=last)

    def _evict_later(self) -> None:
        """Forget more tasks, if one end was too little for that; the event loop does other things in between."""
        if self._table.overfull:
            asyncio.get_running_loop().call_soon(self._evict)

    def _evict(self) -> None:
        with self._lock:
            self._drop(self._table.evict())
        self._evict_later()

    def _drop(self, task_ids: Iterable[str]) -> None:
        for task_id in task_ids:
            self._streams.drop(task_id)

    # What happens while a task runs.

    def sandbox_created(self, sandbox_type: SandboxType) -> None:
        """Count a sandbox that is open now, whether a task waits for it or not."""
        with self._lock:
            self._stats.sandboxes.created(sandbox_type)

    def sandbox_given(self, task_id: str, sandbox: SandboxInfo, start: SandboxStart, seconds: float) -> None:
        """Record the sandbox of a task, where it came from, and how long the task waited for it.

        It was counted as created before. The statistics of a task that has ended do not change any more.
        """
        with self._lock:
            self._stats.sandboxes.given(sandbox.sandbox_type, start, max(0.0, seconds), task_id, self._time())
            if self._table.progressed(task_id, self._monotonic()):
                self._table.sandboxed(task_id, sandbox)
                self._recorder.given(task_id, sandbox)

    def sandbox_ended(self, sandbox_type: SandboxType, reason: SandboxEnd) -> None:
        """Count a sandbox that was counted as created and is gone."""
        with self._lock:
            self._stats.sandboxes.ended(sandbox_type, reason)

    def sandboxes_swept(self, sandbox_type: SandboxType, count: int) -> None:
        """Count sandboxes that an earlier service has left behind, and that were removed."""
        with self._lock:
            self._stats.sandboxes.swept(sandbox_type, count)

    def sandbox_warm(self, change: int) -> None:
        """Count a sandbox that stands ready (1), or no longer does (-1).

        It stands ready after it was created, and no longer does before it ends or is given to a task.
        """
        with self._lock:
            self._stats.sandboxes.warmed(change)

    def egress_connection(self, verdict: EgressVerdict) -> None:
        """Count a connection that a sandboxed browser asked for, once it is known what becomes of it."""
        with self._lock:
            self._stats.sandboxes.connected(verdict)

    def sandbox_failed(self, sandbox_type: SandboxType) -> None:
        """Count a sandbox that could not be created, or broke."""
        with self._lock:
            self._stats.sandboxes.failed(sandbox_type)

    @property
    def budget_currencies(self) -> frozenset[str]:
        """The currencies in which a day has a budget."""
        return self._budgets.currencies

    def budget_limit(self, currency: str) -> Decimal | None:
        """Return what a day may cost in this currency; None if it has no budget."""
        return self._budgets.limit(currency)

    def budget_unspent(self, currency: str) -> Decimal:
        """Return what is left of this day in a currency that has a budget, reservations not yet taken off."""
        return self._budgets.unspent(currency, day_of(self._time()))

    def budget_claimed(self, quote: Quote, most: int, least: int) -> Claim:
        """Claim a part of this day's budget for a call with `most` output tokens, or at the worst `least`."""
        claim = Claim(quote, most, least)
        with self._lock:
            answered = self._budgets.claimed(claim, day_of(self._time()))
            self._recorder.spent(self._budgets.moved())
        wake_claims(answered)
        return claim

    def budget_restored(self, day: int, spent: Mapping[str, Decimal]) -> None:
        """Take over what a day has cost before the service started, by ISO code."""
        with self._lock:
            self._budgets.restore(day, spent)

    def owner_spent(self, owner: str, accounts: Iterable[tuple[int, str, Decimal]]) -> None:
        """Record what days have cost an owner, each with its currency; the service's own budget is another matter."""
        with self._lock:
            self._recorder.spent(accounts, owner)

    def budget_left(self, claim: Claim) -> None:
        """Forget a claim whose call is not made."""
        with self._lock:
            answered = self._budgets.left(claim, day_of(self._time()))
            self._recorder.spent(self._budgets.moved())
        wake_claims(answered)

    def budget_settled(self, claim: Claim, spent: Decimal) -> None:
        """Settle a claim whose call nobody has reported."""
        with self._lock:
            answered = self._budgets.settled(claim, spent, day_of(self._time()))
            self._recorder.spent(self._budgets.moved())
        wake_claims(answered)

    def model_called(
        self, task_id: str, call: ModelCall, bill: Bill, claim: Claim | None = None, spent: Decimal = NOTHING
    ) -> None:
        """Count a call to a model that ended, and settle its claim with what it may have cost.

        The statistics of a task that has ended do not change any more.
        """
        answered: list[Claim] = []
        with self._lock:
            now = self._monotonic()
            if claim is not None:
                answered = self._budgets.settled(claim, spent, day_of(self._time()))
            elif bill.currency is not None:
                self._budgets.billed(bill.currency, bill.amount, day_of(self._time()))
            self._recorder.spent(self._budgets.moved())
            self._stats.models.called(call, bill, task_id, self._time())
            self._recent.model_calls.count(call.outcome, now)
            if self._table.progressed(task_id, now):
                self._table.billed(task_id, call, bill)
        wake_claims(answered)

    def decided(self, task_id: str, observe_seconds: float, decide_seconds: float) -> None:
        """Count a step of a running task: its screen was observed and the model has decided."""
        with self._lock:
            if self._table.progressed(task_id, self._monotonic(), 1):
                self._stats.steps.decided(task_id, self._time(), max(0.0, observe_seconds), max(0.0, decide_seconds))

    def acted(self, task_id: str, action: ActionName, seconds: float, *, ok: bool) -> None:
        """Count an action that was sent to a sandbox."""
        with self._lock:
            self._stats.steps.acted(task_id, self._time(), max(0.0, seconds))
            self._stats.sandboxes.acted(action, ok=ok)

    def step_told(self, task_id: str, text: str, stage: Stage = Stage.STEP, step: Step | None = None) -> None:
        """Publish what a step saw, decided and did, or how the task begins; nothing for a task that has ended.

        `step` is the same for the records, if an action was decided.
        """
        with self._lock:
            if not self._table.progressed(task_id, self._monotonic()):
                return
            at = self._time()
            if step is not None:
                self._recorder.stepped(task_id, step, at)
            waiting = self._publish(task_id, StreamMessage(stage, text, at))
        wake(waiting)

    # The storage.

    def storage_committed(self, seconds: float) -> None:
        """Count a commit, which took so long."""
        with self._lock:
            self._stats.storage.committed(max(0.0, seconds))

    def storage_done(self, operation: StorageOperation, outcome: StorageOutcome) -> None:
        """Count an operation of the storage that is no commit which ended well."""
        with self._lock:
            self._stats.storage.done(operation, outcome)

    def storage_measured(self, size_bytes: int) -> None:
        """Record how large the storage is."""
        with self._lock:
            self._stats.storage.measured(size_bytes)

    # Streams.

    def subscribed(self, task_id: str) -> Subscription:
        """Begin a subscription at the task's first message.

        Raises:
            NotFoundError: the task is unknown, or no longer retained.
        """
        with self._lock:
            return self._streams.subscribe(task_id)

    def unsubscribed(self, subscription: Subscription) -> None:
        """End a subscription; a second call does nothing."""
        with self._lock:
            self._streams.unsubscribe(subscription)

    def stream_left(self, task_id: str) -> None:
        """Let the stream of a task end that waits for the next service."""
        with self._lock:
            waiting = self._streams.leave(task_id)
        wake(waiting)

    def stream_taken(self, subscription: Subscription) -> list[StreamMessage]:
        """Return the new messages of a subscription. If it missed some, the first one has the stage `gap`."""
        with self._lock:
            missed, messages = self._streams.take(subscription)
        if missed:
            text = f"{missed} messages were skipped: they are no longer kept"
            messages.insert(0, StreamMessage(Stage.GAP, text, self._time()))
        return messages

    # Who calls.

    def auth_failed(self, reason: AuthFailure) -> None:
        """Count a call that was not let in."""
        with self._lock:
            self._stats.access.auth_failed(reason)

    def quota_rejected(self, quota: Quota) -> None:
        """Count a call that was refused because its owner has used up a quota."""
        with self._lock:
            self._stats.access.quota_rejected(quota)

    # The service.

    def rpc_started(self, method: str) -> None:
        """Count an RPC that begins."""
        with self._lock:
            self._stats.rpcs.started(method)

    def rpc_ended(self, method: str, code: str, seconds: float) -> None:
        """Count an RPC that ends."""
        with self._lock:
            self._stats.rpcs.ended(method, code, max(0.0, seconds))

    def config_updated(self, config_type: ConfigType) -> None:
        """Count a change of the global configuration."""
        with self._lock:
            self._stats.config_updated(config_type)

    def heartbeat(self) -> None:
        """Record that the event loop is alive."""
        with self._lock:
            now = self._monotonic()
            self._lateness += max(0.0, now - self._last_beat - HEARTBEAT_SECONDS)
            self._last_beat = now

    def runtime_files_counted(self, files: int) -> None:
        """Record how many files are below the runtime directory."""
        with self._lock:
            self._runtime_files = files

    def snapshot(self) -> ServiceSnapshot:
        """Return one consistent instant. May be called from any thread."""
        with self._lock:
            now, at = self._monotonic(), self._time()
            return ServiceSnapshot(
                taken_at=at,
                taken_monotonic_seconds=now,
                tasks=self._table.statistics(now, self._dated),
                rpcs=self._stats.rpcs.statistics(),
                models=self._stats.models.statistics(),
                budgets=self._budgets.statistics(day_of(at)),
                sandboxes=self._stats.sandboxes.statistics(),
                steps=self._stats.steps.statistics(),
                streams=self._streams.statistics(),
                storage=self._stats.storage.statistics(self._journal.queued),
                recent=self._recent.statistics(now),
                access=self._stats.access.statistics(),
                service=ServicePart(
                    info=self._info,
                    started_monotonic_seconds=self._started_monotonic,
                    heartbeat=HeartbeatSnapshot(self._last_beat, HEARTBEAT_SECONDS, self._lateness),
                    config_updates=self._stats.config_updates(),
                    runtime_files=self._runtime_files,
                ),
            )
