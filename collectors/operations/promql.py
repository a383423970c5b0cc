"""What queries read, by promql-parser's syntax trees; Prometheus and Grafana write the same query in other ways."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import promql_parser

SUBSTITUTES: Final[Mapping[str, str]] = {"$__rate_interval": "5m", "$__interval": "1m", "$__range": "1h"}
"""What Grafana may put in the place of its variables before it asks; a tree has no place for them."""


def parsed(expr: str) -> Any:
    """Return the syntax tree of a query.

    Raises:
        ValueError: it is no PromQL.
    """
    for variable, value in SUBSTITUTES.items():
        expr = expr.replace(variable, value)
    return promql_parser.parse(expr)


def selectors(tree: Any) -> Iterator[Any]:
    """Yield every selector of series below a tree, in order."""
    return (node for node in nodes(tree) if isinstance(node, promql_parser.VectorSelector))


def nodes(tree: Any) -> list[Any]:
    """Return a tree and all that is below it, in order."""
    found: list[Any] = []
    promql_parser.walk(tree, found.append)
    return found


def masked(tree: Any) -> str:
    """Write a tree in one way, and without its numbers if it reads a series: those are an operator's to change.

    Windows stay, as they are part of what a rule means.
    """
    if any(selectors(tree)):
        number = promql_parser.parse("0")
        tree = promql_parser.transform(
            tree, lambda node: number if isinstance(node, promql_parser.NumberLiteral) else None
        )
    return str(tree.prettify())
