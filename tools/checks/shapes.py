"""Which labels the result of a query carries: enough to tell whether two sides of an operator can match at all."""

from collections.abc import Mapping

import attrs

from tools.vocabulary import TARGET_LABELS


@attrs.frozen
class Growth:
    """What grows: a counter, narrowed down."""

    name: str
    matchers: frozenset[str]


@attrs.frozen
class Shape:
    """The labels of a vector."""

    labels: frozenset[str]
    """Those that are known; `job` and `instance` among them if the vector is not aggregated."""
    fixed: Mapping[str, str] = attrs.field(factory=dict)
    """Labels that have one value in all of it."""
    open: bool = False
    """Whether targets may bring labels of their own, as they do until an aggregation names its labels."""
    largest_bucket: float | None = None
    """Of a quantile or of buckets: the largest finite bound."""
    ratio: bool = False
    """Whether its values lie between 0 and 1."""
    growth_of: Growth | None = None
    """What grows, if it is a growth or rate, summed or not."""

    @property
    def free(self) -> frozenset[str]:
        """The labels that tell its series apart."""
        return self.labels - set(self.fixed)

    def of_any_value(self) -> "Shape":
        """Return the same labels for values that may lie anywhere; buckets stay those of their histogram."""
        return attrs.evolve(self, ratio=False, largest_bucket=self.largest_bucket if "le" in self.labels else None)


def mismatch(left: Shape, right: Shape, on: frozenset[str] | None, *, many: bool) -> str | None:
    """Say why the series of two vectors can never match, or match more than once; None if they can.

    Args:
        left: One side.
        right: The other.
        on: The labels to match on; None for all of them.
        many: Whether several series of a side may match one of the other, as for `and`, `or` and `unless`.
    """
    if on is None:
        return _all_labels(left, right)
    for side, shape in (("left", left), ("right", right)):
        missing = sorted(on - shape.labels)
        if missing and not (shape.open and not TARGET_LABELS.isdisjoint(missing)):
            return f"on ({', '.join(sorted(on))}): the {side} side has no label {missing[0]}"
        extra = sorted(shape.free - on)
        if extra and not many:
            return (
                f"on ({', '.join(sorted(on))}): the {side} side has several series for each match, which differ in "
                f"{', '.join(extra)}; aggregate it"
            )
    return None


def _all_labels(left: Shape, right: Shape) -> str | None:
    if left.open != right.open:
        whole, summed = ("left", "right") if left.open else ("right", "left")
        return f"the {whole} side has all labels of its targets, the {summed} side is aggregated; add on (…)"
    if left.labels != right.labels:
        return f"the sides have different labels and never match: {_names(left)} and {_names(right)}"
    for label in sorted(set(left.fixed) & set(right.fixed)):
        if left.fixed[label] != right.fixed[label]:
            return f"the sides never match: {label} is {left.fixed[label]!r} and {right.fixed[label]!r}; add on (…)"
    return None


def _names(shape: Shape) -> str:
    return "{" + ", ".join(sorted(shape.labels)) + "}"
