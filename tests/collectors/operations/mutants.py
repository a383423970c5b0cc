"""Small wrong changes of a rule and of what it reads: every one must break the timelines of its case."""

import re
from collections.abc import Callable, Iterator
from typing import Final

import attrs

from collectors.operations.model import Alert, Recording
from tests.collectors.operations.promtool import Variant, read_by

NUMBER: Final = re.compile(r"(?<![\w.])(?!0(?!\.))\d+(?:\.\d+)?(?![\w.])")
"""Every number but 0, and but those of names and durations."""
WINDOW: Final = re.compile(r"(?<=\[)(\d+)([smhd])")
PART: Final = re.compile(r"\n(and|unless) on \([^)]*\)\n")
MATCHER: Final = re.compile(r'(\w+)(=~|!~|!=|=)"([^"]*)"')
SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400}

Change = tuple[str, str]
"""What was changed, and the expression after it."""


def mutants(alert: Alert, *, matchers_of_recordings: bool = True) -> Iterator[Variant]:
    """Yield the mutants of a rule: of its times, of its expression, and of the recordings that it reads."""
    for factor in (0.5, 1.5) if alert.hold_seconds else ():
        yield Variant(f"hold x{factor}", attrs.evolve(alert, hold_seconds=alert.hold_seconds * factor))
    if alert.keep_firing_seconds:
        yield Variant("without keep_firing_for", attrs.evolve(alert, keep_firing_seconds=0))
    for name, expr in (*_quantities(alert.expr), *_matchers(alert.expr), *_parts(alert.expr)):
        yield Variant(name, attrs.evolve(alert, expr=expr))
    for recording in read_by(alert):
        changes = [*_quantities(recording.expr), *(_matchers(recording.expr) if matchers_of_recordings else ())]
        for index, (name, expr) in enumerate(changes):
            mutated = Recording(f"{recording.name}:mutant{index}", expr)
            reader = attrs.evolve(alert, expr=alert.expr.replace(f"{recording.name}{{", f"{mutated.name}{{"))
            yield Variant(f"{recording.name}: {name}", reader, (mutated,))


def _quantities(expr: str) -> Iterator[Change]:
    for factor in (0.8, 1.25):
        yield from _each(NUMBER, expr, f"x{factor}", lambda match, by=factor: f"{float(match[0]) * by:g}")
    yield from _each(WINDOW, expr, "window x0.5", lambda match: f"{int(match[1]) * SECONDS[match[2]] // 2}s")


def _each(pattern: re.Pattern[str], expr: str, what: str, written: Callable[[re.Match[str]], str]) -> Iterator[Change]:
    """Yield the expression with one match at a time written differently."""
    for index, match in enumerate(pattern.finditer(expr)):
        if (new := written(match)) != match[0]:
            name = f"{match[0].replace(chr(34), '')} ({index}) {what}"
            yield name, (expr[: match.start()] + new + expr[match.end() :]).replace(",,", ",")


def _matchers(expr: str) -> Iterator[Change]:
    """Yield the expression without a matcher other than that of the job, and without one of its alternatives."""
    yield from _each(MATCHER, expr, "dropped", lambda match: match[0] if match[1] == "job" else "")
    for index, match in enumerate(MATCHER.finditer(expr)):
        label, operator, alternatives = match[1], match[2], match[3].split("|")
        for one in alternatives if len(alternatives) > 1 else ():
            left = "|".join(alternative for alternative in alternatives if alternative != one)
            new = f'{label}{operator}"{left}"'
            yield f"{label} ({index}) without {one}", expr[: match.start()] + new + expr[match.end() :]


def _parts(expr: str) -> Iterator[Change]:
    """Yield the expression without one of the parts that `and` and `unless` join."""
    pieces = PART.split(expr)
    parts, joints = pieces[::2], PART.findall(expr)
    for index in range(len(parts)) if joints else ():
        left = parts[:index] + parts[index + 1 :]
        yield f"part {index} dropped", "\nand on (job)\n".join(left)
