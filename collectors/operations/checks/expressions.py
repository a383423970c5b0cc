"""Reads the syntax tree of a query and says what makes it lie: see `Checker`."""

import difflib
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

import attrs
import promql_parser as promql

from collectors.definitions import MetricType
from collectors.operations.checks.shapes import Shape, mismatch
from collectors.operations.vocabulary import METHODS, PARTS, TARGET_LABELS, VALUES, Series

COMPARISONS: Final = frozenset({">", "<", ">=", "<=", "==", "!="})
SET_OPERATORS: Final = frozenset({"and", "or", "unless"})
OF_COUNTERS: Final = frozenset({"rate", "increase", "resets"})
GROWTH: Final = frozenset({"rate", "increase"})
NOT_OF_GAUGES: Final = frozenset({"rate", "increase", "irate"})
KEEP_LABELS: Final = frozenset({"topk", "bottomk"})
ALTERNATIVES: Final = re.compile(r"\w+(\|\w+)*")


@attrs.frozen
class Problem:
    """One thing wrong in a query."""

    reason: str
    token: str = ""
    """The part of the query's text that it is about."""


@attrs.define
class Checker:
    """Checks one query against the series that exist and those that rules record.

    Every metric, label and value of a closed label must exist; counters stand under rate, increase or resets, and
    gauges do not; the sides of an operator can match; a quantile is compared with what its buckets can tell, and a
    ratio with something from 0 to 1; each selector says which job it means.
    """

    known: Mapping[str, Series]
    recorded: Mapping[str, Shape] = attrs.field(factory=dict)
    problems: list[Problem] = attrs.field(factory=list)

    def shape(self, text: str) -> Shape | None:
        """Check the query and return the labels of its result; None for a number, or where it does not parse."""
        tree = self.parse(text)
        return None if tree is None else self._visit(tree)

    def parse(self, text: str) -> Any:
        """Return the syntax tree, or None and a problem."""
        try:
            return promql.parse(text)
        except ValueError as error:
            self._say(f"does not parse: {error}")
            return None

    def _say(self, reason: str, token: str = "") -> None:
        self.problems.append(Problem(reason, token))

    def _visit(self, node: Any) -> Shape | None:  # noqa: PLR0911  (one answer for each kind of node)
        match node:
            case promql.VectorSelector():
                return self._selector(node, function=None)
            case promql.MatrixSelector():
                return self._selector(node.vector_selector, function="")
            case promql.SubqueryExpr() | promql.ParenExpr() | promql.UnaryExpr():
                return self._visit(node.expr)
            case promql.AggregateExpr():
                return self._aggregate(node)
            case promql.Call():
                return self._call(node)
            case promql.BinaryExpr():
                return self._binary(node)
            case _:
                return None

    def _selector(self, node: Any, function: str | None) -> Shape:
        """Check a selector; `function` is the one that reads its range, None where it reads an instant."""
        name = node.name or ""
        matchers = node.matchers.matchers
        fixed = {matcher.name: matcher.value for matcher in matchers if matcher.op == promql.MatchOp.Equal}
        shape = self.recorded.get(name)
        if not any(matcher.name == "job" for matcher in matchers) and not (shape and "job" in shape.fixed):
            self._say(f"{name} has no matcher on job and mixes this service with others", name)
        if shape is not None:
            self._known_labels(name, matchers, shape.labels)
            return attrs.evolve(shape, fixed={**shape.fixed, **fixed})
        series = self.known.get(name)
        if series is None:
            self._say(f"unknown metric {name}{self._like(name, {**self.known, **self.recorded})}", name)
            return Shape(TARGET_LABELS, fixed, open=True)
        self._known_labels(name, matchers, series.labels)
        self._values(name, matchers)
        self._use(name, series, function)
        if name == "agent_tokens_consumed_total" and not any(matcher.name == "type" for matcher in matchers):
            self._say("agent_tokens_consumed_total without a matcher on type counts twice: total is in it", name)
        ratio = name in {"agent_task_utilization", "agent_task_success_rate"}
        growth_of = name if function in GROWTH else None
        return Shape(
            series.labels, fixed, open=True, largest_bucket=series.largest_bucket, ratio=ratio, growth_of=growth_of
        )

    def _known_labels(self, name: str, matchers: Iterable[Any], labels: frozenset[str]) -> None:
        for matcher in matchers:
            if matcher.name not in labels:
                self._say(f"{name} has no label {matcher.name}{self._like(matcher.name, labels)}", matcher.name)

    def _values(self, name: str, matchers: Iterable[Any]) -> None:
        for matcher in matchers:
            closed = METHODS if matcher.name == "method" else VALUES.get((name, matcher.name))
            if closed is None or not ALTERNATIVES.fullmatch(matcher.value):
                continue
            for value in matcher.value.split("|"):
                if value not in closed:
                    self._say(
                        f"{name} has no {matcher.name} {value!r}{self._like(value, closed)}",
                        value,
                    )

    def _use(self, name: str, series: Series, function: str | None) -> None:
        if series.kind is MetricType.COUNTER and function not in OF_COUNTERS:
            self._say(f"{name} is a counter; it only makes sense under rate(), increase() or resets()", name)
        if series.kind is not MetricType.COUNTER and function in NOT_OF_GAUGES:
            self._say(f"{name} is a {series.kind}; {function}() is for counters", name)

    @staticmethod
    def _like(name: str, names: Iterable[str]) -> str:
        close = difflib.get_close_matches(name, list(names), n=1)
        return f"; is {close[0]} meant?" if close else ""

    def _aggregate(self, node: Any) -> Shape:
        inner = self._visit(node.expr) or Shape(frozenset())
        if str(node.op) in KEEP_LABELS:
            return inner
        named = frozenset(node.modifier.labels) if node.modifier else frozenset()
        if not node.modifier or node.modifier.type == promql.AggModifierType.By:
            for label in sorted(named - inner.labels):
                if not inner.open or not inner.labels >= TARGET_LABELS:
                    self._say(f"by ({label}): there is no label {label} left here", label)
                else:
                    self._say(f"by ({label}): no series here has a label {label}", label)
            bucket = inner.largest_bucket if "le" in named else None
            fixed = {label: value for label, value in inner.fixed.items() if label in named}
            ratio = inner.ratio and str(node.op) in {"min", "max", "avg"}
            growth_of = inner.growth_of if str(node.op) == "sum" else None
            return Shape(named, fixed, open=False, largest_bucket=bucket, ratio=ratio, growth_of=growth_of)
        return attrs.evolve(inner, labels=inner.labels - named)

    def _call(self, node: Any) -> Shape | None:
        function = node.func.name
        shapes: list[Shape | None] = []
        for argument in node.args:
            if isinstance(argument, promql.MatrixSelector):
                shapes.append(self._selector(argument.vector_selector, function))
            elif function in {"absent", "absent_over_time"}:
                return self._absent(argument)
            else:
                shapes.append(self._visit(argument))
        if function == "vector":
            return Shape(frozenset())
        found = next((shape for shape in shapes if shape is not None), None)
        if function != "histogram_quantile" or found is None:
            return found
        if "le" not in found.labels:
            self._say(
                "histogram_quantile() needs the label le of its buckets; aggregate by (…, le)", "histogram_quantile"
            )
        return attrs.evolve(found, labels=found.labels - {"le"})

    def _absent(self, argument: Any) -> Shape:
        inner = self._visit(argument) or Shape(frozenset())
        return Shape(frozenset(inner.fixed), inner.fixed)

    def _binary(self, node: Any) -> Shape | None:
        left, right = self._visit(node.lhs), self._visit(node.rhs)
        operator = str(node.op)
        if operator in COMPARISONS:
            self._comparison(operator, left, node.rhs)
        if left is None or right is None:
            vector = left or right
            if vector is None or operator in COMPARISONS:
                return vector
            complement = operator == "-" and constant(node.lhs) == 1
            return attrs.evolve(vector, largest_bucket=None, ratio=vector.ratio and complement, growth_of=None)
        return self._match(node, operator, left, right)

    def _match(self, node: Any, operator: str, left: Shape, right: Shape) -> Shape:
        modifier = node.modifier
        on = None
        if modifier and modifier.matching and modifier.matching.type == promql.LabelModifierType.Include:
            on = frozenset(modifier.matching.labels)
        grouped = modifier is not None and modifier.group_labels is not None
        many = operator in SET_OPERATORS or grouped
        if operator != "or" or on is not None:
            reason = mismatch(left, right, on, many=many)
            if reason:
                self._say(f"{operator}: {reason}", operator)
        if operator not in SET_OPERATORS | COMPARISONS:
            ratio = operator == "/" and (left.growth_of, right.growth_of) in PARTS
            left = attrs.evolve(left, largest_bucket=None, ratio=ratio, growth_of=None)
        if many or on is None:
            return left
        fixed = {label: value for label, value in left.fixed.items() if label in on}
        return attrs.evolve(left, labels=on, fixed=fixed, open=False)

    def _comparison(self, operator: str, left: Shape | None, threshold: Any) -> None:
        value = constant(threshold)
        if left is None or value is None:
            return
        above = operator in {">", ">="}
        if above and left.largest_bucket is not None and value >= left.largest_bucket:
            self._say(
                f"{operator} {value:g} can never be true: the largest finite bucket is {left.largest_bucket:g}",
                operator,
            )
        if left.ratio:
            verdict = _verdict_on_ratio(operator, value)
            if verdict:
                self._say(f"{operator} {value:g} {verdict}: this is a ratio, from 0 to 1", operator)


def _verdict_on_ratio(operator: str, value: float) -> str | None:
    """Say that a comparison tells nothing about what lies from 0 to 1; `>= 0` does, as it leaves out NaN."""
    never = {">": value >= 1, ">=": value > 1, "<": value <= 0, "<=": value < 0}
    always = {">": value < 0, ">=": value < 0, "<": value > 1, "<=": value > 1}
    if never.get(operator):
        return "can never be true"
    return "is always true" if always.get(operator) else None


def constant(node: Any) -> float | None:
    """Return the number that an expression of literals is, or None where it is none."""
    match node:
        case promql.NumberLiteral():
            return float(node.val)
        case promql.ParenExpr():
            return constant(node.expr)
        case promql.UnaryExpr():
            inner = constant(node.expr)
            return None if inner is None else -inner
        case promql.BinaryExpr():
            left, right = constant(node.lhs), constant(node.rhs)
            if left is None or right is None:
                return None
            return _arithmetic(str(node.op), left, right)
        case _:
            return None


def _arithmetic(operator: str, left: float, right: float) -> float | None:
    match operator:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case "/" if right:
            return left / right
        case "^":
            return float(left**right)
        case _:
            return None


def decides(node: Any) -> bool:
    """Tell whether an expression filters, so that an alert on it can be off: by a comparison or by absent()."""
    match node:
        case promql.ParenExpr():
            return decides(node.expr)
        case promql.Call():
            return str(node.func.name).startswith("absent")
        case promql.BinaryExpr():
            operator = str(node.op)
            if operator in COMPARISONS:
                return not (node.modifier and node.modifier.return_bool)
            if operator == "or":
                return decides(node.lhs) and decides(node.rhs)
            return operator in {"and", "unless"} and (decides(node.lhs) or decides(node.rhs))
        case _:
            return False
