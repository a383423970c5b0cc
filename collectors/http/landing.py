"""The key figures as they stand, written into the status page for readers without scripts."""

from collections.abc import Iterator, Mapping
from html import escape
from typing import Final

from collectors.metrics import models, service, tasks
from gui_agents.domain.lifecycle import TaskStatus
from gui_agents.domain.usage import CallOutcome, TokenType
from gui_agents.snapshot import ServiceSnapshot

PLACE: Final = "<!-- key figures -->"
"""Where they belong in the page."""


UNREADABLE: Final = "<p>The state of the service cannot be read; its log says why.</p>"
"""What stands in place of the key figures if they cannot be told."""


def key_figures(snapshot: ServiceSnapshot) -> str:
    """Return the key figures as a table."""
    rows = "".join(
        f'<tr><th scope="row">{escape(name)}</th><td>{escape(value)}</td></tr>' for name, value in figures(snapshot)
    )
    return f"<table><caption>Key figures</caption><tbody>{rows}</tbody></table>"


def landing_page(page: str, body: str, failures: Mapping[str, int]) -> str:
    """Return the page with `body` in the place of the key figures, and the sections that have failed."""
    failed = ", ".join(f"{name} ({count} times)" for name, count in failures.items() if count)
    trouble = f"<p>Sections of the metrics that have failed: {escape(failed)}.</p>" if failed else ""
    return page.replace(PLACE, body + trouble)


def figures(snapshot: ServiceSnapshot) -> Iterator[tuple[str, str]]:
    """Yield the key figures in words."""
    created, live, sandboxes = snapshot.tasks.created, snapshot.tasks.live, snapshot.sandboxes
    ended = snapshot.recent.ended
    recent, since_start = ended[TaskStatus.COMPLETED] + ended[TaskStatus.FAILED], tasks.success_rate(snapshot.tasks)
    yield "Version", snapshot.service.info.version
    yield "Uptime", f"{service.uptime_seconds(snapshot.service):.0f} s"
    yield "Tasks running", f"{live[TaskStatus.RUNNING]} of {snapshot.tasks.slots}"
    yield "Tasks waiting", str(live[TaskStatus.PENDING])
    yield (
        "Success rate of the last 5 minutes",
        f"{_percent(ended[TaskStatus.COMPLETED] / recent)} of {recent} tasks" if recent else "no task has ended",
    )
    yield "Model calls of the last 5 minutes", _calls(snapshot.recent.model_calls)
    yield "Success rate since the start", "no task has ended" if since_start is None else _percent(since_start)
    yield "Tasks completed", str(created[TaskStatus.COMPLETED])
    yield "Tasks failed", str(created[TaskStatus.FAILED])
    yield "Tasks cancelled", str(created[TaskStatus.CANCELLED])
    yield "Steps", str(snapshot.steps.steps)
    yield "Sandboxes open", f"{sum(sandboxes.open.values())}, {sandboxes.warm} of them ready for the next task"
    yield "Sandboxes ended", _counted(sandboxes.ended)
    yield "Connections of browsers", _counted(sandboxes.egress)
    yield "Tokens", str(models.consumed(snapshot.models.tokens)[TokenType.TOTAL])
    for currency, amount in models.cost(snapshot.models).items():
        yield f"Cost in {currency}", f"{amount:.2f}"
    for currency, point in snapshot.budgets.day.items():
        yield f"Budget of this day in {currency}", f"{point.spent:.2f} of {point.limit:.2f} spent"
    yield "Event loop lag", f"{service.lag_seconds(snapshot):.2f} s"


def _percent(ratio: float) -> str:
    """Return a ratio in percent; what is not all is never rounded up to 100 %."""
    return f"{min(ratio, 0.999) if ratio < 1 else ratio:.1%}"


def _counted(counts: Mapping[tuple[str, str], int] | Mapping[str, int]) -> str:
    """Return what was counted by the last part of each key, without those that did not occur."""
    sums: dict[str, int] = {}
    for key, count in counts.items():
        name = key if isinstance(key, str) else key[-1]
        sums[name] = sums.get(name, 0) + count
    return ", ".join(f"{name.replace('_', ' ')} {count}" for name, count in sums.items() if count) or "none"


def _calls(by_outcome: Mapping[str, int]) -> str:
    calls = sum(by_outcome.values())
    unanswered = by_outcome[CallOutcome.ERROR] + by_outcome[CallOutcome.TIMEOUT]
    return f"{calls}, {unanswered} of them without an answer" if calls else "none"
