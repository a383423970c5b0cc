"""Expressions as pieces: text, and aggregates of what instances expose, which shards can compute in parts.

A rule that reads such an aggregate is written twice from the same pieces: for a Prometheus that scrapes the instances,
and for one that only sees the aggregates that its shards record.
"""

from collections.abc import Iterable
from typing import Final

import attrs

GROWTH: Final = frozenset({"rate", "increase"})
"""The functions of counters, over a window that a series' name tells."""


@attrs.frozen
class Matcher:
    """One condition of a selector, such as `status=~"completed|failed"`."""

    label: str
    operator: str
    """`=`, `!=`, `=~` or `!~`."""
    value: str

    def __str__(self) -> str:
        return f'{self.label}{self.operator}"{self.value}"'


def selector(name: str, matchers: Iterable[Matcher]) -> str:
    """Write a selector as PromQL does."""
    return f"{name}{{{','.join(map(str, matchers))}}}"


@attrs.frozen
class Part:
    """An aggregate of one shard's instances, of which the whole is made."""

    operator: str
    """`sum`, `min` or `max`: sums of sums are sums of all, and so on."""
    metric: str
    function: str | None = None
    """`rate` or `increase` of counters; `last_over_time` of gauges, which survives a scrape that fails."""
    window: str = ""
    """Over which the function looks, as it is called in production."""

    @property
    def name(self) -> str:
        """The series that a shard records it as."""
        told = f"{self.function}{self.window}" if self.function in GROWTH else self.operator
        return f"shard:{self.metric.removesuffix('_total')}:{told}"


@attrs.frozen
class Aggregate:
    """A sum, minimum or maximum over the series of instances; with no labels to keep, whether there are none."""

    part: Part
    matchers: tuple[Matcher, ...]
    by: tuple[str, ...]
    """The labels that it keeps; none for `absent()`, which takes them from the matchers."""
    window: str = ""
    """The window of its part as it passes here."""

    def __str__(self) -> str:
        return self._over(self.of_instances(self.matchers))

    def of_instances(self, matchers: Iterable[Matcher]) -> str:
        """Return the vector that a shard aggregates, narrowed down by `matchers`."""
        series = selector(self.part.metric, matchers)
        return f"{self.part.function}({series}[{self.window}])" if self.part.function else series

    @property
    def of_shards(self) -> str:
        """The same aggregate over what shards record."""
        return self._over(selector(self.part.name, self.matchers))

    @property
    def labels(self) -> frozenset[str]:
        """The labels that a shard must keep for it."""
        return frozenset(self.by).union(matcher.label for matcher in self.matchers)

    def _over(self, vector: str) -> str:
        return f"{self.part.operator} by ({', '.join(self.by)}) ({vector})" if self.by else f"absent({vector})"


Piece = str | Aggregate


@attrs.frozen
class Formula:
    """An expression in pieces; written out, it reads the series of instances."""

    pieces: tuple[Piece, ...]

    def __str__(self) -> str:
        return "".join(map(str, self.pieces))

    @property
    def aggregates(self) -> tuple[Aggregate, ...]:
        """Its pieces that are aggregates."""
        return tuple(piece for piece in self.pieces if isinstance(piece, Aggregate))

    @property
    def of_shards(self) -> "Formula":
        """The same expression over what shards record."""
        return Formula(tuple(piece.of_shards if isinstance(piece, Aggregate) else piece for piece in self.pieces))


def in_pieces(pieces: Formula | Piece | Iterable[Piece]) -> Formula:
    """Return the formula of one piece or of several ones."""
    if isinstance(pieces, Formula):
        return pieces
    return Formula((pieces,) if isinstance(pieces, Piece) else tuple(pieces))
