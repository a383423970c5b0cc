"""Finds the queries and metrics that a page of Markdown names between backquotes in its prose, and checks them."""

import functools
import re
from collections.abc import Iterator, Mapping
from typing import Final

from tools.checks.expressions import Checker, Problem
from tools.checks.findings import suggestion
from tools.checks.shapes import Shape
from tools.vocabulary import known_series

FENCE: Final = re.compile(r"^ *```.*?^ *```$", re.MULTILINE | re.DOTALL)
CODE: Final = re.compile(r"`([^`]+)`")
METRIC: Final = re.compile(r"(\w+:)?agent_\w+(:\w+)*")
BRACKET: Final = re.compile(r"[(\[{]")
FUNCTION: Final = re.compile(r"\w\s*\(.*\w\s*[\[{].*\)", re.DOTALL)
"""A function of something with a range or with matchers."""

PART: Final = re.compile(r"_(bucket|sum|count)$")


def check_inline(text: str, recorded: Mapping[str, Shape]) -> Iterator[tuple[int, str]]:
    """Yield the line and the reason of each thing that is wrong in the inline code of a page.

    A word that begins as the metrics of the service do must be one. Code with brackets around such a word, or with a
    function of a range, is a query. It need not say its job: prose names what to look at, in short.
    """
    prose = FENCE.sub(lambda fence: "\n" * fence[0].count("\n"), text)
    for found in CODE.finditer(prose):
        code, line = found[1], prose.count("\n", 0, found.start(1)) + 1
        if METRIC.fullmatch(code):
            if code not in _words() and code not in recorded:
                yield line, f"unknown metric {code}{suggestion(code, _words() | set(recorded))}"
        elif BRACKET.search(code) and (METRIC.search(code) or FUNCTION.search(code)):
            for problem in _problems(code, recorded):
                yield line + code.count("\n", 0, problem.offset), problem.reason


def _problems(code: str, recorded: Mapping[str, Shape]) -> list[Problem]:
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
