"""promtool evaluates every alert over made-up time: it fires and resolves, and its test hears where it does not."""

from collections.abc import Iterator
from fractions import Fraction

import attrs
import pytest

from collectors.operations import rules
from collectors.operations.model import Alert, Setting
from tests.collectors.operations.promtool import (
    OPEN_WINDOWS,
    SETTING,
    Failure,
    Variant,
    alerts,
    failures,
    major,
    promtool,
)
from tests.collectors.operations.scenarios import CASES
from tests.collectors.operations.scenarios.case import INSTANCES, Case, Check, Course, Timeline
from tests.collectors.operations.timelines import Phases
from tests.system_tools import require_program

pytestmark = pytest.mark.system_tools

NEVER = "vector(0) > 1"


def _always(case: Case, timeline: Timeline) -> str:
    """Return what is always true, with the labels that the alert has where the timeline wants it to fire."""
    wanted = {check.firing for check in timeline.checks if check.firing} or {INSTANCES if case.per_instance else ("",)}
    return "\nor\n".join(_labelled(labels) for labels in case.label_sets(wanted.pop()))


def _labelled(labels: dict[str, str]) -> str:
    expr = "vector(1)"
    for name, value in labels.items():
        expr = f'label_replace({expr}, "{name}", "{value}", "", "")'
    return expr


def _variants(case: Case, alert: Alert) -> Iterator[Variant]:
    yield Variant("as it is", alert)
    yield Variant("never", attrs.evolve(alert, formula=NEVER))
    by_expr: dict[str, set[str]] = {}
    for timeline in case.timelines():
        by_expr.setdefault(_always(case, timeline), set()).add(timeline.name)
    for index, (expr, timelines) in enumerate(by_expr.items()):
        yield Variant(f"always ({index})", attrs.evolve(alert, formula=expr), timelines=frozenset(timelines))


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> set[Failure]:
    """Where the alerts, and those that never or always fire, break their timelines."""
    rules_by_key = alerts()
    variants = {case.key: list(_variants(case, rules_by_key[case.key])) for case in CASES}
    return failures(tmp_path_factory.mktemp("promtool"), variants, CASES)


def test_every_alert_but_the_watchdog_has_its_case():
    assert {case.key for case in CASES} == set(alerts()) - {"Watchdog"}
    assert len({case.key for case in CASES}) == len(CASES)


def test_promtool_and_its_linter_accept_the_rules_at_both_scales(tmp_path):
    paths = []
    for name, setting in (("normal", SETTING), ("fast", Setting(scale=Fraction(1, 60)))):
        for kind, render in (("alerts", rules.alert_rules), ("recordings", rules.recording_rules)):
            path = tmp_path / f"{name}-{kind}.yml"
            path.write_text(render(setting), "utf-8")
            paths.append(str(path))
    done = promtool("check", "rules", "--lint=all", "--lint-fatal", *paths)
    assert done.returncode == 0, done.stdout


def test_every_alert_fires_and_resolves(broken):
    assert {failure for failure in broken if failure.variant == "as it is"} == set()


def test_windows_as_they_are_move_nothing_but_the_first_and_the_last_instant(tmp_path):
    if major(require_program("promtool")) < OPEN_WINDOWS:
        pytest.skip("this Prometheus has closed windows: the timelines run as they are")
    variants = {key: [Variant("as it is", alert)] for key, alert in alerts().items()}
    exact = {(case.key, timeline.name) for case in CASES for timeline in case.timelines() if timeline.exact}
    moved = failures(tmp_path, variants, CASES, windows=lambda text: text)
    assert {(failure.key, failure.timeline) for failure in moved} - exact == set()


def test_an_alert_that_never_fires_breaks_every_instant_at_which_it_should(broken):
    assert {failure for failure in broken if failure.variant == "never"} == {
        Failure(case.key, "never", timeline.name, check.minute)
        for case in CASES
        for timeline in case.timelines()
        for check in timeline.checks
        if check.firing
    }


def test_an_alert_that_always_fires_breaks_every_quiet_instant_and_no_other(broken):
    timelines = [(case, timeline) for case in CASES for timeline in case.timelines()]
    expected = {
        (case.key, timeline.name, check.minute)
        for case, timeline in timelines
        for check in timeline.checks
        if not check.firing and check.minute >= case.hold
    }
    always = [failure for failure in broken if failure.variant.startswith("always")]
    assert {(failure.key, failure.timeline, failure.minute) for failure in always} == expected
    assert {(key, name) for key, name, _ in expected} == {(case.key, timeline.name) for case, timeline in timelines}


class Watch(Case):
    """The watchdog, which has no good and no bad time."""

    def timelines(self) -> Iterator[Timeline]:
        yield Timeline(name="any time", series=[], checks=[Check(0, ("",)), Check(10, ("",))])


def test_the_watchdog_always_fires(tmp_path):
    watchdog = alerts()["Watchdog"]
    case = Watch(alert="Watchdog", severity="none", course=Course(signals=[]), phases=Phases(0, 10, 0), hold=0)
    variants = [Variant("as it is", watchdog), Variant("never", attrs.evolve(watchdog, formula=NEVER))]
    broken = failures(tmp_path, {case.key: variants}, [case])
    assert broken == {Failure("Watchdog", "never", "any time", minute) for minute in (0, 10)}
