"""Finds the queries and metrics that a page of Markdown names between backquotes in its prose, and checks them."""

import functools
import re
from collections.abc import Iterator, Mapping
from typing import Final

import promql_parser

from collectors.operations import promql
from tools.checks.expressions import Checker
from tools.checks.findings import suggestion
from tools.checks.shapes import Shape
from tools.vocabulary import known_series

FENCE: Final = re.compile(r"^ *```.*?^ *```$", re.MULTILINE | re.DOTALL)
CODE: Final = re.compile(r"`([^`]+)`")
METRIC: Final = re.compile(r"(\w+:)?agent_\w+(:\w+)*")
OPENING: Final = frozenset("([{")
PART: Final = re.compile(r"_(bucket|sum|count)$")


def check_inline(text: str, recorded: Mapping[str, Shape]) -> Iterator[tuple[int, str]]:
    """Yield the line and the reason of each thing that is wrong in the inline code of a page.

    A word that begins as the metrics of the service do must be one. Code with such a word, a range or a matcher is a
    query. It need not say its job: prose names what to look at, in short.
    """
    prose = FENCE.sub(lambda fence: "\n" * fence[0].count("\n"), text)
    for found in CODE.finditer(prose):
        code, line = found[1], prose.count("\n", 0, found.start(1)) + 1
        if METRIC.fullmatch(code):
            if code not in _words() and code not in recorded:
                yield line, f"unknown metric {code}{suggestion(code, _words() | set(recorded))}"
        elif _is_query(code):
            yield from ((line, problem) for problem in _problems(code, recorded))


def _is_query(code: str) -> bool:
    named = METRIC.search(code) is not None
    try:
        tree = promql.parsed(code)
    except ValueError:
        return named and not OPENING.isdisjoint(code)
    ranges = any(isinstance(node, promql_parser.MatrixSelector) for node in promql.nodes(tree))
    return named or ranges or any(selector.matchers.matchers for selector in promql.selectors(tree))


def _problems(code: str, recorded: Mapping[str, Shape]) -> list[str]:
    checker = Checker(known_series(), recorded, any_job=True)
    if checker.selected(code) is None and not checker.problems:
        checker.shape(code)
    return checker.problems


@functools.cache
def _words() -> frozenset[str]:
    """Return what a word may be: a series, a family of them, or a value of a label, such as a reason of failure."""
    known = known_series()
    values = (closed for series in known.values() for closed in series.values.values())
    return frozenset(known).union((PART.sub("", name) for name in known), *values)
