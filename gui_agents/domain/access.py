"""Who calls: names with roles and quotas, and why somebody is not let in.

A task belongs to whoever started it. For everybody else it is unknown, unless their roles say otherwise:

- `submit` starts tasks, and sees, follows and cancels its own.
- `read` sees all tasks, and changes nothing.
- `admin` sees and changes everything.
"""

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum, unique
from types import MappingProxyType
from typing import Final

import attrs

from gui_agents.domain.errors import RefusedError


@unique
class Role(StrEnum):
    """What somebody may do."""

    SUBMIT = "submit"
    READ = "read"
    ADMIN = "admin"


@unique
class AuthFailure(StrEnum):
    """Why a call was not let in."""

    MISSING = "missing"
    """It has no token."""
    MALFORMED = "malformed"
    """It has an authorization that is no token, or two."""
    UNKNOWN = "unknown"
    """Nobody has this token: it is wrong or was revoked."""
    LIMITED = "limited"
    """The same, after too many others from the same address."""
    ROLE = "role"
    """The token is known and lacks the role that the call needs."""


@unique
class Quota(StrEnum):
    """What an owner may use only so much of."""

    RUNNING = "running"
    """Tasks that run at once. Further ones wait, and those of other owners pass them."""
    QUEUED = "queued"
    """Tasks that wait."""
    REQUESTS = "requests"
    """Calls a minute."""
    COST = "cost"
    """Money a day (UTC)."""
    CONNECTIONS = "connections"
    """Connections with open calls."""
    STREAMS = "streams"
    """Streaming calls that are open at once."""
    SUBSCRIBERS = "subscribers"
    """Those of them that follow the same task."""
    BYTES = "bytes"
    """Of the texts of its tasks in memory. Those that have ended make place first."""


REFUSING: Final = tuple(quota for quota in Quota if quota is not Quota.RUNNING)
"""The quotas for which calls are refused."""

NO_MONEY_LIMIT: Final[Mapping[str, Decimal]] = MappingProxyType({})


@attrs.frozen(kw_only=True)
class Quotas:
    """How much one owner may use, by the names of `Quota`; None is no limit."""

    running: int | None = None
    queued: int | None = None
    requests: int | None = None
    cost: Mapping[str, Decimal] = NO_MONEY_LIMIT
    """By ISO code of the currency; other currencies have no limit."""
    connections: int | None = None
    streams: int | None = None
    subscribers: int | None = None
    bytes: int | None = None

    def over(self, below: "Quotas") -> "Quotas":
        """Return these quotas. What they leave open is taken from `below`."""
        mine = {name: value for name, value in attrs.asdict(self, recurse=False).items() if value not in (None, {})}
        return attrs.evolve(below, **mine)


NO_QUOTAS: Final = Quotas()


@attrs.frozen
class Identity:
    """Somebody who calls."""

    name: str
    """The owner of the tasks that it starts; empty for everybody who calls a service without tokens."""
    roles: frozenset[Role]
    quotas: Quotas = NO_QUOTAS
    digest: bytes = attrs.field(default=b"", eq=False, repr=False)
    """The hash of the token that it has shown; empty without tokens."""

    def has(self, role: Role) -> bool:
        """Tell whether it has a role; `admin` has all."""
        return role in self.roles or Role.ADMIN in self.roles

    def sees(self, owner: str) -> bool:
        """Tell whether it may know of the tasks of an owner."""
        return (self.name == owner and Role.SUBMIT in self.roles) or self.has(Role.READ)

    def commands(self, owner: str) -> bool:
        """Tell whether it may cancel, continue and use what belongs to an owner."""
        return (self.name == owner and Role.SUBMIT in self.roles) or Role.ADMIN in self.roles


ANYBODY: Final = Identity("", frozenset(Role))
"""Who calls a service without tokens."""


class UnauthenticatedError(RefusedError):
    """Nobody knows who calls, for this `failure`."""

    def __init__(self, failure: AuthFailure) -> None:
        super().__init__(_WORDS[failure])
        self.failure = failure


class MissingRoleError(RefusedError):
    """The caller is known and lacks the `role` that the call needs."""

    def __init__(self, role: Role) -> None:
        super().__init__(f"the token lacks the role {role!s}; ask the operator for one that has it")
        self.role = role


class QuotaExceededError(RefusedError):
    """The caller has used up its `quota`; `retry_seconds` says when there may be room, None if waiting does not help.

    `text` says what there are how many of.
    """

    def __init__(self, quota: Quota, text: str, retry_seconds: float | None = None) -> None:
        super().__init__(text)
        self.quota = quota
        self.retry_seconds = retry_seconds


_HOW: Final = "send the metadata `authorization: Bearer TOKEN`"
_WORDS: Final[Mapping[AuthFailure, str]] = MappingProxyType(
    {
        AuthFailure.MISSING: f"the call has no token; {_HOW}",
        AuthFailure.MALFORMED: f"the call's authorization is not one token; {_HOW}",
        AuthFailure.UNKNOWN: "the token is not known: it is wrong, or was revoked; ask the operator for another one",
        AuthFailure.LIMITED: "too many wrong tokens came from this address; try again later, with the right one",
    }
)
