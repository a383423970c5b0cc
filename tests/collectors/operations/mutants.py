"""Small wrong changes of a rule and of what it reads: every one must break the timelines of its case."""

import itertools
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, Final

import attrs
import promql_parser

from collectors.operations import promql
from collectors.operations.model import Alert, Recording
from tests.collectors.operations.promtool import Variant, read_by
from tests.collectors.operations.scenarios.case import BRIDGED_MINUTES

NO_BRIDGE: Final = "window without a bridge"
"""A gauge's window that is shorter than the time between two scrapes."""
FAILING: Final = frozenset({"every second scrape fails", "every second scrape fails, otherwise"})
"""The timeline that tells such a window from a longer one."""
Change = tuple[str, str]
"""What was changed, and the expression after it."""

Replacements = Callable[[Any], Iterator[Change]]
"""Gives what may stand in the place of a part of an expression, each under a name."""


def mutants(alert: Alert, *, matchers_of_recordings: bool = True) -> Iterator[Variant]:
    """Yield the mutants of a rule: of its times, of its expression, and of the recordings that it reads."""
    for factor in (0.5, 1.5) if alert.hold_seconds else ():
        yield Variant(f"hold x{factor}", attrs.evolve(alert, hold_seconds=alert.hold_seconds * factor))
    if alert.keep_firing_seconds:
        yield Variant("without keep_firing_for", attrs.evolve(alert, keep_firing_seconds=0))
    for change in (_quantities, _matchers, _parts):
        for name, expr in _changed(alert.expr, change):
            yield Variant(name, attrs.evolve(alert, formula=expr), timelines=_timelines(name))
    for recording in read_by(alert):
        changes = [*_changed(recording.expr, _quantities)]
        changes += _changed(recording.expr, _matchers) if matchers_of_recordings else ()
        for index, (name, expr) in enumerate(changes):
            mutated = Recording(f"{recording.name}:mutant{index}", expr)
            reader = attrs.evolve(alert, formula=renamed(alert.expr, recording.name, mutated.name))
            yield Variant(f"{recording.name}: {name}", reader, (mutated,), _timelines(name))


def _timelines(name: str) -> frozenset[str] | None:
    """Return the timelines that show a change, if they are other ones than those that show all others."""
    return FAILING if name.startswith(NO_BRIDGE) else None


def renamed(expr: str, old: str, new: str) -> str:
    """Return an expression that reads the series `new` where it read `old`."""

    def replacement(node: Any) -> Any:
        return promql.parsed(f"{new}{node.matchers}") if getattr(node, "name", None) == old else None

    return str(promql_parser.transform(promql.parsed(expr), replacement).prettify())


def _changed(expr: str, replacements: Replacements) -> Iterator[Change]:
    """Yield the expression with one of its parts at a time replaced."""
    tree = promql.parsed(expr)
    for place, node in enumerate(promql.nodes(tree)):
        for name, text in replacements(node):
            count = itertools.count()
            other = promql.parsed(text)
            changed = promql_parser.transform(
                tree,
                lambda _, count=count, place=place, other=other: other if next(count) == place else None,
            )
            yield f"{name} ({place})", str(changed.prettify())


def _quantities(node: Any) -> Iterator[Change]:
    match node:
        case promql_parser.NumberLiteral() if node.val:
            yield from ((f"{node.val:g} x{factor}", f"{node.val * factor:g}") for factor in (0.8, 1.25))
        case promql_parser.MatrixSelector() if node.range == timedelta(minutes=BRIDGED_MINUTES):
            yield NO_BRIDGE, f"{node.vector_selector.prettify()}[{_written(node.range / 10)}]"
        case promql_parser.MatrixSelector():
            yield "window x0.5", f"{node.vector_selector.prettify()}[{_written(node.range / 2)}]"
        case promql_parser.SubqueryExpr():
            yield "window x0.5", f"{node.expr.prettify()}[{_written(node.range / 2)}:{_written(node.step)}]"


def _written(duration: timedelta) -> str:
    return str(promql_parser.display_duration(duration))


def _matchers(node: Any) -> Iterator[Change]:
    """Yield a selector without a matcher other than that of the job, and without one of its alternatives."""
    if not isinstance(node, promql_parser.VectorSelector):
        return
    matchers = [str(matcher) for matcher in node.matchers.matchers]
    for index, matcher in enumerate(node.matchers.matchers):
        if matcher.name == "job":
            continue
        others = [text for at, text in enumerate(matchers) if at != index]
        yield f"{node.name} {matcher.name} dropped", f"{node.name}{{{','.join(others)}}}"
        alternatives = matcher.value.split("|")
        for one in alternatives if len(alternatives) > 1 else ():
            left = "|".join(alternative for alternative in alternatives if alternative != one)
            text = str(promql_parser.Matcher(matcher.op, matcher.name, left))
            yield f"{node.name} {matcher.name} without {one}", f"{node.name}{{{','.join([*others, text])}}}"


def _parts(node: Any) -> Iterator[Change]:
    """Yield each side alone of two that `and` or `unless` join; a chain of them hangs on the left."""
    if isinstance(node, promql_parser.BinaryExpr) and str(node.op) in {"and", "unless"}:
        yield "left alone", node.lhs.prettify()
        yield "right alone", node.rhs.prettify()
