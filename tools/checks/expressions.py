"""Reads the syntax tree of a query and says what makes it lie: see `Checker`."""

from collections.abc import Mapping
from typing import Any, Final

import attrs
import promql_parser

from collectors.operations import promql
from tools.checks.comparisons import COMPARISONS, constant, futile
from tools.checks.selectors import Selectable
from tools.checks.shapes import Shape, mismatch
from tools.vocabulary import TARGET_LABELS, Series

SET_OPERATORS: Final = frozenset({"and", "or", "unless"})
KEEP_LABELS: Final = frozenset({"topk", "bottomk"})
KEEP_RANGE: Final = frozenset(
    {
        "avg_over_time",
        "histogram_quantile",
        "label_join",
        "label_replace",
        "last_over_time",
        "max_over_time",
        "min_over_time",
        "quantile_over_time",
        "sort",
        "sort_desc",
    }
)
"""Functions whose results lie where the values lie that they read."""

ADD_LABEL: Final = frozenset({"label_replace", "label_join"})


@attrs.define
class Checker:
    """Checks one query against the series that exist and those that rules record.

    Every metric, label and value of a closed label must exist; counters stand under rate, increase or resets, and
    gauges do not; the sides of an operator can match; a quantile is compared with what its buckets can tell, and a
    ratio with something from 0 to 1; each selector says which job it means, unless `any_job`.
    """

    known: Mapping[str, Series]
    recorded: Mapping[str, Shape] = attrs.field(factory=dict)
    any_job: bool = attrs.field(default=False, kw_only=True)
    problems: list[str] = attrs.field(factory=list, init=False)
    unparsed: bool = attrs.field(default=False, init=False)
    """Whether the only problem is that it does not parse."""

    @property
    def _selectable(self) -> Selectable:
        return Selectable(self.known, self.recorded)

    def shape(self, text: str) -> Shape | None:
        """Check the query and return the labels of its result; None for a number, or if it does not parse."""
        tree = self._parse(text)
        return None if tree is None else self._visit(tree)

    def selected(self, text: str) -> Shape | None:
        """Check that what a lone selector names exists, and return its labels; None if it is no selector."""
        tree = self._parse(text)
        if not isinstance(tree, promql_parser.VectorSelector):
            return None
        self.problems.extend(self._selectable.existence(tree))
        return self._selectable.shape(tree, None)

    def _parse(self, text: str) -> Any:
        try:
            return promql.parsed(text)
        except ValueError as error:
            self.problems.append(f"does not parse: {error}")
            self.unparsed = True
            return None

    def _visit(self, node: Any) -> Shape | None:  # noqa: PLR0911  (one answer for each kind of node)
        """Return the labels of a node's result."""
        match node:
            case promql_parser.VectorSelector():
                return self._selector(node, function=None)
            case promql_parser.MatrixSelector():
                return self._selector(node.vector_selector, function="")
            case promql_parser.SubqueryExpr() | promql_parser.ParenExpr() | promql_parser.UnaryExpr():
                return self._visit(node.expr)
            case promql_parser.AggregateExpr():
                return self._aggregate(node)
            case promql_parser.Call():
                return self._call(node)
            case promql_parser.BinaryExpr():
                return self._binary(node)
            case _:
                return None

    def _selector(self, node: Any, function: str | None) -> Shape:
        """Check a selector; `function` is the one that reads its range, None if it reads an instant."""
        selectable = self._selectable
        job = () if self.any_job else selectable.job(node)
        self.problems.extend((*job, *selectable.existence(node), *selectable.use(node, function)))
        return selectable.shape(node, function)

    def _aggregate(self, node: Any) -> Shape:
        if node.param is not None:
            self._visit(node.param)
        inner = self._visit(node.expr) or Shape(frozenset())
        if str(node.op) in KEEP_LABELS:
            return inner
        keeps_range = str(node.op) in {"min", "max", "avg"}
        named = frozenset(node.modifier.labels) if node.modifier else frozenset()
        if node.modifier and node.modifier.type != promql_parser.AggModifierType.By:
            inner = inner if keeps_range else inner.of_any_value()
            return attrs.evolve(inner, labels=inner.labels - named)
        self._grouping(named, inner)
        if isinstance(node.param, promql_parser.StringLiteral):
            named |= {str(node.param.val)}
        bucket = inner.largest_bucket if "le" in named or keeps_range else None
        fixed = {label: value for label, value in inner.fixed.items() if label in named}
        ratio = inner.ratio and keeps_range
        growth_of = inner.growth_of if str(node.op) == "sum" else None
        return Shape(named, fixed, open=False, largest_bucket=bucket, ratio=ratio, growth_of=growth_of)

    def _grouping(self, named: frozenset[str], inner: Shape) -> None:
        exposed = inner.open and inner.labels >= TARGET_LABELS
        for label in sorted(named - inner.labels):
            missing = f"no series here has a label {label}" if exposed else f"there is no label {label} left here"
            self.problems.append(f"by ({label}): {missing}")

    def _call(self, node: Any) -> Shape | None:
        function = node.func.name
        shapes: list[Shape | None] = []
        for argument in node.args:
            if isinstance(argument, promql_parser.MatrixSelector):
                shapes.append(self._selector(argument.vector_selector, function))
            elif function in {"absent", "absent_over_time"}:
                return self._absent(argument)
            else:
                shapes.append(self._visit(argument))
        if function == "vector":
            return Shape(frozenset())
        found = next((shape for shape in shapes if shape is not None), None)
        if found is None:
            return None
        if function in ADD_LABEL:
            found = attrs.evolve(found, labels=found.labels | {str(node.args[1].val)})
        if function not in KEEP_RANGE:
            return found.of_any_value()
        if function != "histogram_quantile":
            return found
        if "le" not in found.labels:
            self.problems.append("histogram_quantile() needs the label le of its buckets; aggregate by (…, le)")
        return attrs.evolve(found, labels=found.labels - {"le"})

    def _absent(self, argument: Any) -> Shape:
        inner = self._visit(argument) or Shape(frozenset())
        return Shape(frozenset(inner.fixed), inner.fixed)

    def _binary(self, node: Any) -> Shape | None:
        operator = str(node.op)
        left, right = self._visit(node.lhs), self._visit(node.rhs)
        reason = futile(node, left, right) if operator in COMPARISONS else None
        if reason:
            self.problems.append(reason)
        if left is None or right is None:
            vector = left or right
            if vector is None or operator in COMPARISONS:
                return vector
            complement = operator == "-" and constant(node.lhs) == 1
            return attrs.evolve(vector, largest_bucket=None, ratio=vector.ratio and complement, growth_of=None)
        return self._match(node, left, right)

    def _match(self, node: Any, left: Shape, right: Shape) -> Shape:
        operator, modifier = str(node.op), node.modifier
        on = None
        if modifier and modifier.matching and modifier.matching.type == promql_parser.LabelModifierType.Include:
            on = frozenset(modifier.matching.labels)
        grouped = modifier is not None and modifier.group_labels is not None
        many = operator in SET_OPERATORS or grouped
        if operator != "or" or on is not None:
            reason = mismatch(left, right, on, many=many)
            if reason:
                self.problems.append(f"{operator}: {reason}")
        if operator not in SET_OPERATORS | COMPARISONS:
            ratio = operator == "/" and self._selectable.is_part(left.growth_of, right.growth_of)
            left = attrs.evolve(left, largest_bucket=None, ratio=ratio, growth_of=None)
        if many or on is None:
            return left
        fixed = {label: value for label, value in left.fixed.items() if label in on}
        return attrs.evolve(left, labels=on, fixed=fixed, open=False)
