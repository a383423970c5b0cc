"""Runs variants of rules over the timelines of their cases in one promtool, and tells where they break them."""

import functools
import json
import os
import re
import subprocess
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import attrs

from collectors.operations import promql, rules
from collectors.operations.alerts import alert_groups
from collectors.operations.model import Alert, Group, Recording, Setting
from collectors.operations.recording import recordings
from tests.collectors.operations.scenarios.case import Case, Timeline
from tests.system_tools import require_program

SETTING: Final = Setting()
SPARING: Final = {"GOGC": "400"}
"""Lets promtool take memory instead of a fifth of its time for collecting garbage."""
SHOWN: Final = (
    "job, instance, method, provider, currency, sandbox_type, operation, reason, quota, section, long, short, severity"
)
FAILURE: Final = re.compile(
    r'    expr: ".*?alertname=\\"(\S+) ([^"]+)\\".*?timeline!=\\"(.+?)\\".*", time: (\w+),\n +exp: .*\n +got: .*\n'
)
REST: Final = re.compile(r"(Unit Testing: .*|  FAILED:|  SUCCESS|\s*)\n?")
WINDOW: Final = re.compile(r"\[(\d+[a-z]+)(?=[\]:])")
OPEN_WINDOWS: Final = 3
"""The first major release whose windows leave out a sample exactly at their beginning."""
UNITS: Final = {"d": 1440, "h": 60, "m": 1, "s": 1 / 60}


@attrs.frozen
class Variant:
    """A rule as it is, or mutated."""

    name: str
    alert: Alert
    recordings: tuple[Recording, ...] = ()
    """What it reads beyond the recordings of production."""
    timelines: frozenset[str] | None = None
    """The timelines on which it runs; None: all that are tested."""


@attrs.frozen
class Failure:
    """An instant at which a variant does not say what its case says."""

    key: str
    """Of the case."""
    variant: str
    timeline: str
    minute: float


def key(alert: Alert) -> str:
    """Return the rule's name, told apart from the other tiers of its objective, as cases are."""
    return "-".join(part for part in (alert.name, alert.labels.get("long")) if part)


def alerts() -> dict[str, Alert]:
    """Return every rule by its key."""
    return {key(rule): rule for group in alert_groups(SETTING) for rule in group.rules if isinstance(rule, Alert)}


def read_by(alert: Alert) -> tuple[Recording, ...]:
    """Return the recordings that a rule reads."""
    every = (rule for group in recordings(SETTING) for rule in group.rules if isinstance(rule, Recording))
    read = {selector.name for selector in promql.selectors(promql.parsed(alert.expr))}
    return tuple(rule for rule in every if rule.name in read)


def promtool(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run promtool; its output is that on both channels."""
    command = [require_program("promtool"), *arguments]
    return subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, env={**os.environ, **SPARING}
    )


@functools.cache
def major(program: str) -> int:
    """Return the major release of a promtool."""
    done = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
    [number] = re.findall(r"^promtool, version (\d+)", done.stdout + done.stderr, re.MULTILINE)
    return int(number)


def closed(text: str) -> str:
    """Return rules whose windows hold the same samples in every release: the timelines have one at each edge.

    Prometheus 3 leaves out the one at the beginning, so its windows are a millisecond longer. Without that, an alert on
    a timeline of samples at the full minute fires or resolves a scrape earlier or later, and the first and the last
    instant of firing could not be told exactly for both releases. In production a sample is never exactly at an edge,
    and both releases see the same.
    """
    return WINDOW.sub(r"[\g<1>1ms", text) if major(require_program("promtool")) >= OPEN_WINDOWS else text


def failures(
    directory: Path,
    variants: Mapping[str, Sequence[Variant]],
    cases: Iterable[Case],
    *,
    exact: bool = False,
    windows: Callable[[str], str] = closed,
) -> set[Failure]:
    """Test the variants of each case, by its key, on its timelines.

    If `exact`, a variant that names no timelines is tested on the exact and the quiet ones alone. `windows` changes the
    rules.
    """
    files = [_write(directory, case, variants[case.key], exact=exact) for case in cases if variants.get(case.key)]
    for rule_file, _ in files:
        rule_file.write_text(windows(rule_file.read_text("utf-8")), "utf-8")
    paths = [str(path) for _, path in files]
    done = promtool("test", "rules", *paths)
    rest = FAILURE.sub("", done.stdout)
    assert all(REST.fullmatch(line) for line in rest.splitlines()), rest
    return {
        Failure(key, variant, timeline, _minutes(time)) for key, variant, timeline, time in FAILURE.findall(done.stdout)
    }


def _write(directory: Path, case: Case, variants: Sequence[Variant], *, exact: bool) -> tuple[Path, Path]:
    """Write the variants of a rule with what they read, and their tests; return both files."""
    read = dict.fromkeys(rule for variant in variants for rule in (*read_by(variant.alert), *variant.recordings))
    named = [attrs.evolve(variant.alert, name=f"{case.key} {variant.name}") for variant in variants]
    data = rules.as_data([Group("all", (*read, *named))], SETTING)
    rule_file = directory / f"{case.key}.rules.yml"
    rule_file.write_text(json.dumps(data), "utf-8")
    tested = [(timeline, _on(timeline, variants, exact=exact)) for timeline in case.timelines()]
    file = file_of_tests(case, rule_file.name, [(timeline, names) for timeline, names in tested if names])
    path = directory / f"{case.key}.test.yml"
    path.write_text(json.dumps(file), "utf-8")
    return rule_file, path


def _on(timeline: Timeline, variants: Sequence[Variant], *, exact: bool) -> list[str]:
    """Return the variants that a timeline tests: those that name it, and of the others all, or none."""
    tested = timeline.judges_alone or not exact
    return [one.name for one in variants if (tested if one.timelines is None else timeline.name in one.timelines)]


def file_of_tests(case: Case, rule_file: str, named: Iterable[tuple[Timeline, Sequence[str]]]) -> dict[str, Any]:
    """Return promtool's file of tests: on each timeline, the alerts of `rule_file` that are called KEY VARIANT."""
    return {
        "rule_files": [rule_file],
        "evaluation_interval": _seconds(case.step),
        "tests": [_test(case, timeline, names) for timeline, names in named],
    }


def _test(case: Case, timeline: Timeline, variants: Sequence[str]) -> dict[str, Any]:
    return {
        "interval": _seconds(case.step),
        "input_series": timeline.series,
        "promql_expr_test": [
            {
                "expr": _firing(f"{case.key} {variant}", timeline.name),
                "eval_time": _seconds(check.minute),
                "exp_samples": [{"labels": _written(labels), "value": 1} for labels in case.label_sets(check.firing)],
            }
            for variant in variants
            for check in timeline.checks
        ],
    }


def _firing(alert: str, timeline: str) -> str:
    """Return the query for what fires; promtool tells only it and the instant, so that it names the timeline too."""
    return f'group by ({SHOWN}) (ALERTS{{alertname="{alert}",alertstate="firing",timeline!="{timeline}"}})'


def _written(labels: Mapping[str, str]) -> str:
    return "{" + ", ".join(f'{name}="{value}"' for name, value in sorted(labels.items())) + "}"


def _seconds(minutes: float) -> str:
    return f"{round(minutes * 60)}s"


def _minutes(text: str) -> float:
    return sum(int(number) * UNITS[unit] for number, unit in re.findall(r"(\d+)([dhms])", text))
