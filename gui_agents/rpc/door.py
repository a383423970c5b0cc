"""The door of all calls but health: who calls, whether they may, and what the audit log says of it.

Theory of operation. Each call enters before its message is read. It has a token that is known, one of the roles of its
method, and room in its owner's quotas, or it is refused. What it leaves is counted and audited in one place, whatever
ended it. Whose task a call may see is not asked here, but where the task is found.

A stream may be open for days. When the tokens change, each open stream is looked at again, and ends if a new call with
its token would be refused.

Without tokens, quotas and audit log, the door stands open and costs nothing.
"""

import asyncio
from collections.abc import Awaitable, Mapping
from types import TracebackType
from typing import Any, Final, Protocol, Self, TypeVar
from urllib.parse import unquote

import grpc

from gui_agents.access.audit import AuditLog, Repeats
from gui_agents.access.failures import Failures
from gui_agents.access.guard import Guard
from gui_agents.access.owners import Owners
from gui_agents.domain.access import (
    ANYBODY,
    NO_QUOTAS,
    AuthFailure,
    Identity,
    MissingRoleError,
    Quota,
    QuotaExceededError,
    Role,
    UnauthenticatedError,
)
from gui_agents.domain.address import site
from gui_agents.domain.clock import Clock
from gui_agents.domain.errors import RefusedError
from gui_agents.domain.rpc import StatusCode
from gui_agents.proto import agent_pb2 as pb
from gui_agents.proto import operator_pb2
from gui_agents.rpc.methods import Guarded
from gui_agents.rpc.operations import to_its_end
from gui_agents.rpc.status import code_and_reason

Reply = TypeVar("Reply")

HEADER: Final = "authorization"
LONGEST_ID: Final = 64
"""Of a task's id that is audited; a client may send anything."""


class Records(Protocol):
    """The verbs of the service's state that are needed here."""

    def auth_failed(self, reason: AuthFailure) -> None:
        """Count a call that was not let in."""

    def quota_rejected(self, quota: Quota) -> None:
        """Count a call for which its owner's quota has no room."""


class Visit:
    """One call that was let in; a context that is left with the call's end. This one is of an open door."""

    caller: Identity = ANYBODY
    revoked = False
    """Whether the call ends because its token is no longer good."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Let the call go."""

    def concerns(self, message: Any) -> None:
        """Note the task that a request or a reply names."""

    async def send(self, message: Awaitable[None]) -> None:
        """Wait until a message of a stream is sent."""
        await to_its_end(message)

    async def sent(self) -> None:
        """Wait until nothing is sent any more."""


ANYBODYS_VISIT: Final = Visit()


class Door:
    """Lets calls in. Lives on the event loop of the service."""

    def __init__(self, guard: Guard, owners: Owners, records: Records, clock: Clock, audit: AuditLog | None) -> None:
        self._guard = guard
        self._owners = owners
        self._records = records
        self._monotonic = clock.monotonic
        self._audit = audit
        self._failures = Failures()
        self._repeats = Repeats()
        self._streams: dict[_CountedVisit, asyncio.Task[Any]] = {}
        self._allowed: dict[tuple[str, frozenset[Role]], bool] = {}
        """What sets of roles may call, by method: each call asks, and members of an enum are slow to compare."""
        self._stands_open = not guard.on and audit is None and owners.quotas(ANYBODY.name) == NO_QUOTAS

    def entered(self, method: Guarded, context: grpc.aio.ServicerContext) -> Visit:
        """Let a call in.

        Raises:
            UnauthenticatedError: nobody knows who calls.
            MissingRoleError: its token lacks the role that the method needs.
            QuotaExceededError: a quota of its owner has no room for it.
        """
        if self._stands_open:
            return ANYBODYS_VISIT
        peer, authorization = context.peer(), _authorization(context)
        caller = self._guard.identify(authorization)
        if isinstance(caller, AuthFailure):
            raise self._turned_away(method, peer, caller)
        visit = _CountedVisit(self, method, caller, peer, authorization)
        try:
            # First, so that calls without the role count against the quota of requests, too.
            self._owners.call_began(caller, peer, streaming=method.streaming)
            if not self._may(caller, method):
                self._owners.call_ended(caller.name, peer, streaming=method.streaming)
                raise MissingRoleError(method.roles[0])
        except RefusedError as error:
            self._refused(visit, error)
            raise
        if method.streaming and self._guard.on:
            self._streams[visit] = _current_task()
        return visit

    def tokens_changed(self) -> None:
        """End the open streams whose tokens are no longer good enough for them."""
        for visit, task in list(self._streams.items()):
            caller = self._guard.identify(visit.authorization)
            if isinstance(caller, AuthFailure) or not self._may(caller, visit.method):
                visit.revoked = True
                task.cancel()

    def left(self, visit: "_CountedVisit", error: BaseException | None) -> None:
        """Count and audit the end of a call."""
        self._streams.pop(visit, None)
        self._owners.call_ended(visit.caller.name, visit.peer, streaming=visit.method.streaming)
        if isinstance(error, RefusedError):
            self._refused(visit, error)
        elif self._audit is not None and visit.method.changes and (error is not None or not visit.told):
            self.tell(visit, _outcome(error))

    def tell(self, visit: "_CountedVisit", outcome: str, reason: str = "", repeated: int = 0) -> None:
        """Write a line to the audit log."""
        if self._audit is not None:
            visit.told = True
            facts = {"task_id": visit.task_id, "cancelled": visit.cancelled, "reason": reason, "repeated": repeated}
            self._audit.record(_event(visit.caller.name, visit.method, visit.peer, outcome, facts))

    def _may(self, caller: Identity, method: Guarded) -> bool:
        key = method.name, caller.roles
        allowed = self._allowed.get(key)
        if allowed is None:
            allowed = self._allowed[key] = any(caller.has(role) for role in method.roles)
        return allowed

    def _refused(self, visit: "_CountedVisit", error: RefusedError) -> None:
        if isinstance(error, MissingRoleError):
            self._records.auth_failed(AuthFailure.ROLE)
        elif isinstance(error, QuotaExceededError):
            self._records.quota_rejected(error.quota)
        if self._audit is not None:
            code, reason = code_and_reason(error)
            # A client that asks the same in a circle would fill the log.
            kind = (visit.caller.name, address_of(visit.peer), visit.method.name, reason)
            repeated = self._repeats.due(kind, self._monotonic())
            if repeated is not None:
                self.tell(visit, code.name, reason, repeated)

    def _turned_away(self, method: Guarded, peer: str, failure: AuthFailure) -> UnauthenticatedError:
        now, address = self._monotonic(), site(address_of(peer))
        if failure is not AuthFailure.MISSING and self._failures.too_many(address, now):
            failure = AuthFailure.LIMITED
        self._records.auth_failed(failure)
        error = UnauthenticatedError(failure)
        if self._audit is not None:
            code, reason = code_and_reason(error)
            repeated = self._repeats.due((address, reason), now)
            if repeated is not None:
                self._audit.record(_event("", method, peer, code.name, {"reason": reason, "repeated": repeated}))
        return error


class _CountedVisit(Visit):
    """One call that is counted and audited."""

    __slots__ = (
        "_door",
        "_sending",
        "authorization",
        "caller",
        "cancelled",
        "method",
        "peer",
        "revoked",
        "task_id",
        "told",
    )

    def __init__(self, door: Door, method: Guarded, caller: Identity, peer: str, authorization: str | None) -> None:
        self._door = door
        self.method = method
        self.caller = caller
        self.peer = peer
        self.authorization = authorization
        self.revoked = False
        self.task_id = ""
        self.cancelled: int | None = None
        """How many tasks a reply says are cancelled; None if it says nothing of that."""
        self.told = False
        self._sending: asyncio.Future[None] | None = None
        """What is sent now, or was sent last."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._door.left(self, error)

    def concerns(self, message: Any) -> None:
        if not self.method.changes:
            return
        self.task_id = getattr(message, "taskId", "") or self.task_id
        if isinstance(message, pb.CancelTaskResponse):
            self.cancelled = int(message.success)
        elif isinstance(message, operator_pb2.CancelTasksResponse):
            self.cancelled = message.cancelled
        # A stream that starts a task may be open for long, and its end is not the news.
        if self.method.streaming and self.task_id and not self.told:
            self._door.tell(self, StatusCode.OK)

    async def send(self, message: Awaitable[None]) -> None:
        self._sending = asyncio.ensure_future(message)
        await to_its_end(self._sending)

    async def sent(self) -> None:
        if self._sending is not None and not self._sending.done():
            await asyncio.wait({self._sending})


async def while_good(visit: Visit, serving: Awaitable[Reply]) -> Reply:
    """Return what serving a call returns; a stream may end before, with its token.

    Raises:
        UnauthenticatedError: the token was revoked, or has lost the role.
    """
    try:
        return await serving
    except asyncio.CancelledError:
        if not visit.revoked:
            raise
        # The cancel was ours: the call goes on, to tell its client why it ends.
        _current_task().uncancel()
        # grpc would not send the status beside a message that is still sent, nor ever after.
        await visit.sent()
        raise UnauthenticatedError(AuthFailure.UNKNOWN) from None


def address_of(peer: str) -> str:
    """Return the address in what gRPC calls a peer, such as ipv4:127.0.0.1:50051."""
    family, _, rest = peer.partition(":")
    if family not in {"ipv4", "ipv6"}:
        return peer
    return unquote(rest.rpartition(":")[0]).strip("[]")


def _authorization(context: grpc.aio.ServicerContext) -> str | None:
    """Return what a call's metadata has for an authorization; two of them are none that is well-formed."""
    found: list[str] = [value for key, value in context.invocation_metadata() or () if key == HEADER]
    return None if not found else ",".join(found)


def _current_task() -> asyncio.Task[Any]:
    task = asyncio.current_task()
    assert task is not None  # noqa: S101 - for the type checker: a call is served by a task
    return task


def _outcome(error: BaseException | None) -> str:
    if error is None:
        return StatusCode.OK
    return StatusCode.CANCELLED if isinstance(error, asyncio.CancelledError) else StatusCode.INTERNAL


def _event(who: str, method: Guarded, peer: str, outcome: str, facts: Mapping[str, Any]) -> dict[str, Any]:
    event: dict[str, Any] = {"who": who, "what": method.name, "from": address_of(peer), "outcome": outcome}
    if facts.get("task_id"):
        event["task_id"] = facts["task_id"][:LONGEST_ID]
    if facts.get("cancelled") is not None:
        # Also if it is 0: a task of somebody else is answered with OK.
        event["cancelled"] = facts["cancelled"]
    return event | {name: facts[name] for name in ("reason", "repeated") if facts.get(name)}
