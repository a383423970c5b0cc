"""What a comparison with a number can tell, and whether an expression compares at all."""

from typing import Any, Final

import promql_parser as promql

from tools.checks.shapes import Shape

COMPARISONS: Final = frozenset({">", "<", ">=", "<=", "==", "!="})
MIRRORED: Final = {">": "<", "<": ">", ">=": "<=", "<=": ">="}
"""The operator that means the same with its sides exchanged, if it is another one."""


def futile(node: Any, left: Shape | None, right: Shape | None) -> str | None:
    """Say that a comparison with a number, on either side, always has one result; None if both can be.

    Args:
        node: A BinaryExpr whose operator is one of COMPARISONS.
        left: What its left side returns; None for a number.
        right: The same of its right side.
    """
    operator, below, above = str(node.op), constant(node.lhs), constant(node.rhs)
    if left is not None and above is not None:
        verdict, written = _verdict(operator, left, above), f"{operator} {above:g}"
    elif right is not None and below is not None:
        verdict, written = _verdict(MIRRORED.get(operator, operator), right, below), f"{below:g} {operator}"
    else:
        return None
    return verdict and f"{written} {verdict}"


def _verdict(operator: str, shape: Shape, value: float) -> str | None:
    if shape.ratio:
        result = _result(operator, value, 0, 1)
        return result and f"{result}: its values lie from 0 to 1"
    if shape.largest_bucket is None or "le" in shape.labels:
        return None
    result = _result(operator, value, 0, shape.largest_bucket)
    return result and f"{result}: the largest finite bucket is {shape.largest_bucket:g}"


def _result(operator: str, value: float, low: float, high: float) -> str | None:
    """Tell the only result of comparing what lies from `low` to `high`; `>= low` has two, as it leaves out NaN."""
    outside = value < low or value > high
    never = {">": value >= high, ">=": value > high, "<": value <= low, "<=": value < low, "==": outside}
    always = {">": value < low, ">=": value < low, "<": value > high, "<=": value > high, "!=": outside}
    if never.get(operator):
        return "can never be true"
    return "is always true" if always.get(operator) else None


def constant(node: Any) -> float | None:
    """Return the number that an expression is, or None; thresholds are written as numbers, not as sums of them."""
    return float(node.val) if isinstance(node, promql.NumberLiteral) else None


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
