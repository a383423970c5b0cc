"""Whose password is checked next: a bounded queue in which nobody's flood has a monopoly. Pure, but for its dice.

Theory of operation. Each address has its turn, and within it each flow: a user's name as one kind of client sends it.
So whoever floods from elsewhere, with another name or with another program costs a scraper one turn. Every other turn
of an address is for a credential that was sent away before: a scraper comes back with the same password, while who
guesses has a new one each time, and may have a new name each time. Within a flow those go first that somebody still
waits for, then those that came back, then the oldest.

A full queue sends away one of the largest flows of the largest address. Which one is a throw of dice: any order could
be used by who knows it.
"""

import random
from array import array
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from itertools import chain, count
from typing import Final, Generic, Protocol, TypeVar

MAX_WAITING: Final = 100
"""Checks that wait: at a cost of 10 the last of them takes six seconds, within a scrape's usual timeout."""
SEEN_CELLS: Final = 2**16
"""What is remembered of credentials that were sent away, in 8 bytes each."""
Flow = tuple[str, str]


class Waiting(Protocol):
    """What waits for its turn."""

    digest: bytes
    address: str
    flow: Flow

    @property
    def awaited(self) -> bool:
        """Whether somebody still waits for it."""


Check = TypeVar("Check", bound=Waiting)


class Turns(Generic[Check]):
    """Checks that wait for bcrypt."""

    def __init__(self, most: int = MAX_WAITING, dice: random.Random | None = None) -> None:
        self._most = most
        self._dice = dice or random.SystemRandom()
        self._numbers = count()
        self._takes = count()
        self._checks: dict[bytes, tuple[int, Check]] = {}
        self._addresses: OrderedDict[str, OrderedDict[Flow, list[bytes]]] = OrderedDict()
        self._seen = array("Q", bytes(8 * SEEN_CELLS))

    def __len__(self) -> int:
        return len(self._checks)

    def find(self, digest: bytes) -> Check | None:
        """Return the check of a credential that waits already."""
        found = self._checks.get(digest)
        return None if found is None else found[1]

    def add(self, check: Check) -> Check | None:
        """Let a check wait; return the one that has to go for it, which may be itself."""
        self._checks[check.digest] = next(self._numbers), check
        flows = self._addresses.setdefault(check.address, OrderedDict())
        flows.setdefault(check.flow, []).append(check.digest)
        if len(self._checks) <= self._most:
            return None
        gone = self._unlucky()
        self._remove(gone)
        cell, mark = _cell(gone.digest)
        self._seen[cell] = mark
        return gone

    def take(self) -> Check | None:
        """Return the check whose turn it is, and forget it."""
        if not self._checks:
            return None
        address, flows = next(iter(self._addresses.items()))
        self._addresses.move_to_end(address)
        entries = self._returned(flows) if next(self._takes) % 2 == 0 else []
        if not entries:
            flow, digests = next(iter(flows.items()))
            flows.move_to_end(flow)
            entries = [self._checks[digest] for digest in digests]
        taken = min(entries, key=self._rank)[1]
        self._remove(taken)
        return taken

    def _returned(self, flows: Mapping[Flow, list[bytes]]) -> list[tuple[int, Check]]:
        """Return those of an address that came back and are waited for."""
        entries = [self._checks[digest] for digest in chain.from_iterable(flows.values())]
        return [entry for entry in entries if entry[1].awaited and self.came_back(entry[1].digest)]

    def came_back(self, digest: bytes) -> bool:
        """Tell whether a credential was sent away before; rarely, whether one like it was."""
        cell, mark = _cell(digest)
        return self._seen[cell] == mark

    def drained(self) -> Iterator[Check]:
        """Yield all that wait, and forget them."""
        while self._checks:
            check = next(iter(self._checks.values()))[1]
            self._remove(check)
            yield check

    def _rank(self, entry: tuple[int, Check]) -> tuple[bool, bool, int]:
        number, check = entry
        return not check.awaited, not self.came_back(check.digest), number

    def _unlucky(self) -> Check:
        flows = max(self._addresses.values(), key=lambda flows: sum(map(len, flows.values())))
        largest = max(map(len, flows.values()))
        entries = [self._checks[digest] for flow in flows.values() if len(flow) == largest for digest in flow]
        ranks = [self._rank(entry)[:2] for entry in entries]
        last = max(ranks)
        return self._dice.choice([check for (_, check), rank in zip(entries, ranks, strict=True) if rank == last])

    def _remove(self, check: Check) -> None:
        del self._checks[check.digest]
        flows = self._addresses[check.address]
        flows[check.flow].remove(check.digest)
        if not flows[check.flow]:
            del flows[check.flow]
        if not flows:
            del self._addresses[check.address]


def _cell(digest: bytes) -> tuple[int, int]:
    return int.from_bytes(digest[:8]) % SEEN_CELLS, int.from_bytes(digest[8:16])
