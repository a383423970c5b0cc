"""The burn-rate alerts on four days of data: at every instant they say what the books say."""

import itertools
import subprocess
from itertools import accumulate

import promql_parser
import pytest

from collectors.operations import promql
from collectors.operations.alerts import slo
from collectors.operations.model import Setting
from collectors.operations.recording import recordings
from tests.e2e.programs import prometheus, query
from tests.system_tools import require_program

pytestmark = pytest.mark.system_tools

SETTING = Setting()
STEP = 60
BEGIN = 1_700_000_000 // STEP * STEP
MINUTES = 4 * 24 * 60
INSTANCES = ("a:8000", "b:8000")
SECONDS = {"m": 60, "h": 3600, "d": 86400}
TASKS_A_MINUTE = 20
CLOSE = 0.07
"""Where the books come closer than this to a threshold, relatively, extrapolation may decide otherwise."""


def failing(minute: int) -> float:
    """Return the share that fails: an hour of everything, eight hours of much, a last day of a quarter."""
    day, hour = minute / 1440, minute % 1440 / 60
    if 1.2 < day < 1.25:
        return 1.0
    if 2 < day < 3 and hour < 8:
        return 0.4
    return 0.28 if day > 3.2 else 0.002


def books(factor: float) -> list[float]:
    """Return how much has failed of TASKS_A_MINUTE up to each minute."""
    return list(accumulate(TASKS_A_MINUTE * factor * failing(minute) for minute in range(MINUTES)))


def exposition() -> str:
    """Return the four days as OpenMetrics, on two instances."""
    tasks, rpcs = books(1), books(0.1)
    total = [TASKS_A_MINUTE * (minute + 1) for minute in range(MINUTES)]
    rows = {
        "agent_tasks_created_total": {
            'status="failed"': tasks,
            'status="completed"': [all_ - failed for all_, failed in zip(total, tasks, strict=True)],
        },
        "agent_grpc_handled_total": {
            'method="QueryTaskStatus",code="INTERNAL"': rpcs,
            'method="QueryTaskStatus",code="OK"': [all_ - failed for all_, failed in zip(total, rpcs, strict=True)],
        },
    }
    lines = []
    for name, series in rows.items():
        lines.append(f"# TYPE {name.removesuffix('_total')} counter")
        for labels, values in series.items():
            for instance in INSTANCES:
                key = f'{name}{{job="gui_agents",instance="{instance}",{labels}}}'
                lines.extend(f"{key} {value:.6f} {BEGIN + STEP * minute}" for minute, value in enumerate(values))
    return "\n".join([*lines, "# EOF", ""])


WRITTEN = {rule.name: promql.parsed(f"({rule.expr})") for group in recordings(SETTING) for rule in group.rules}


def spelled_out(expr: str) -> str:
    """Return an expression with what it reads from recording rules written out, so that the past can be asked."""
    tree = promql_parser.transform(promql.parsed(expr), lambda node: WRITTEN.get(getattr(node, "name", None)))
    return tree.prettify()


def threshold(expr: str) -> float:
    """Return the first number that an expression compares something with."""
    return next(node.val for node in promql.nodes(promql.parsed(expr)) if isinstance(node, promql_parser.NumberLiteral))


def minutes(window: str) -> int:
    """Return the length of a window such as 1h."""
    return int(window[:-1]) * SECONDS[window[-1]] // STEP


def ratio(counted: list[float], window: str, minute: int) -> float:
    """Return the failed share of a window by the books."""
    begin = max(0, minute - minutes(window))
    return (counted[minute] - counted[begin]) / (TASKS_A_MINUTE * (minute - begin))


@pytest.fixture
def history(tmp_path):
    """A directory with the four days as blocks of Prometheus."""
    source = tmp_path / "history.om"
    source.write_text(exposition(), "utf-8")
    command = [require_program("promtool"), "tsdb", "create-blocks-from", "openmetrics", str(source), "prometheus-data"]
    subprocess.run(command, check=True, cwd=tmp_path, capture_output=True)
    return tmp_path


async def test_burn_rates_agree_with_the_books(history):
    config = history / "prometheus.yml"
    config.write_text("{}", "utf-8")
    counted = {"TaskSlo": books(1), "RpcSlo": books(0.1)}
    seen: dict[tuple[str, str], set[bool]] = {}
    async with prometheus(history, config, "--storage.tsdb.retention.time=100y") as port:
        for minute, alert in itertools.product(range(400, MINUTES, 53), slo.alerts(SETTING)):
            long, short = alert.labels["long"], alert.labels["short"]
            if minute < minutes(long):
                continue
            objective = counted["TaskSlo" if alert.name.startswith("TaskSlo") else "RpcSlo"]
            ratios = [ratio(objective, window, minute) for window in (long, short)]
            limit = threshold(alert.expr)
            if any(abs(value / limit - 1) < CLOSE for value in ratios):
                continue
            burns = all(value > limit for value in ratios)
            found = query(port, spelled_out(alert.expr), BEGIN + STEP * minute)
            assert bool(found) is burns, (alert.name, alert.labels, minute, ratios, found)
            assert not found or float(found[0]["value"][1]) == pytest.approx(ratios[0], rel=0.02)
            seen.setdefault((alert.name, long), set()).add(burns)
    assert seen == {(alert.name, alert.labels["long"]): {True, False} for alert in slo.alerts(SETTING)}
