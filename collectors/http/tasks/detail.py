"""One task as a page: what it was to do, how it stands and why, what it cost, its steps and their pictures. Pure."""

from collections.abc import Collection, Iterator, Sequence
from html import escape
from itertools import groupby
from typing import Final

import attrs

from collectors.http.tasks import words
from collectors.http.tasks.frame import page
from collectors.http.tasks.views import Viewer
from gui_agents.domain.lifecycle import LIVE
from gui_agents.domain.moment import lasted
from gui_agents.domain.storage import StoredStep, StoredTask

STEPS_SHOWN: Final = 100
MAX_TEXT: Final = 20_000
"""Characters of an instruction, a result and a message."""
MAX_SAID: Final = 2000
"""Characters of an action, its reason and its outcome."""
MAX_NAME: Final = 200


@attrs.frozen(kw_only=True)
class TaskView:
    """One task as it is shown."""

    stored: StoredTask
    steps: Sequence[StoredStep]
    pictures: Collection[str]
    """The names of those that there are."""
    before: int | None = None
    """The number of the step before which steps are shown; None for the last ones."""


def task_page(view: TaskView, viewer: Viewer) -> bytes:
    """Return the page."""
    record = view.stored.record
    live = " data-live" if record.status in LIVE and view.before is None else ""
    body = f'<div id="live"{live}>{"".join(_parts(view))}</div>'
    line = f"<code>{escape(record.task_id)}</code>; times are UTC"
    return page("Task", body, depth=1, line=line, viewer=viewer)


def _parts(view: TaskView) -> Iterator[str]:
    record = view.stored.record
    yield (
        f'<section class="card" id="what"><p class="standing">{words.pill(record.status)}{_why(view)}</p>'
        f'<p class="said long" dir="auto">{words.block(record.spec.shown_instruction, MAX_TEXT)}</p></section>'
    )
    ending = record.ending
    if ending is not None and ending.result:
        yield (
            '<section class="card" id="result"><h2>Result</h2>'
            f'<p class="said long" dir="auto">{words.block(ending.result, MAX_TEXT)}</p></section>'
        )
    facts = "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in _facts(view))
    yield f'<dl class="card facts" id="facts">{facts}</dl>'
    yield from _steps(view)


def _why(view: TaskView) -> str:
    ending = view.stored.record.ending
    return "" if ending is None else f'<span class="said" dir="auto">{words.plain(ending.message, MAX_SAID)}</span>'


def _facts(view: TaskView) -> Iterator[tuple[str, str]]:
    stored, record = view.stored, view.stored.record
    spec, used = record.spec, record.statistics
    yield "Created", words.moment(record.created_at)
    yield "Started", words.moment(stored.started_at)
    yield "Ended", words.moment(stored.ended_at)
    yield "Took", lasted(record.execution_seconds) if stored.ended_at is not None else words.NOTHING
    yield "Steps", f"{used.steps:,} of {spec.steps:,} at most"
    yield "Tokens", f"{words.tokens(used)} ({used.input_tokens:,} in, {used.output_tokens:,} out)"
    yield "Cost", words.money(used.cost, used.currency)
    yield "Model", words.plain(spec.model.full_name, MAX_NAME)
    sandbox = record.sandbox
    name = "" if sandbox is None else f'<br><code class="note">{words.plain(sandbox.sandbox_id, MAX_NAME)}</code>'
    yield "Sandbox", f"{words.plain(spec.backend, MAX_NAME)}{name}"
    yield "Limit", f"{lasted(spec.timeout_seconds)}"
    if spec.owner:
        yield "Owner", words.plain(spec.owner, MAX_NAME)
    if spec.previous_task_id:
        before = escape(spec.previous_task_id[:MAX_NAME])
        yield "Continues", f'<a href="{before}"><code>{before[:8]}</code></a>'
    if stored.attempt > 1:
        yield "Attempt", str(stored.attempt)


def _steps(view: TaskView) -> Iterator[str]:
    last = view.before
    steps = [step for step in view.steps if last is None or step.step.number < last]
    groups = [(key, list(group)) for key, group in groupby(steps, lambda step: (step.attempt, step.step.number))]
    shown = groups[-STEPS_SHOWN:]
    if not groups:
        yield '<p class="card" id="no-steps">No step was recorded.</p>'
    else:
        yield f'<h2 id="steps-title">Steps</h2>{_turn(groups, shown, view)}'
        items = "".join(_item(attempt, number, group, view) for (attempt, number), group in shown)
        yield f'<ol class="steps" id="steps" data-parts>{items}</ol>'
    if last is None:
        yield from _end(view)


def _turn(groups: Sequence[object], shown: Sequence[tuple[tuple[int, int], object]], view: TaskView) -> str:
    """Return the links to other steps, if not all are shown."""
    links = []
    if len(groups) > len(shown):
        first = shown[0][0][1]
        links.append(f'<a href="?before={first}">Earlier steps ({len(groups) - len(shown):,})</a>')
    if view.before is not None:
        links.append('<a href="?">The last steps</a>')
    return (
        f'<nav class="turn" id="turn">{" ".join(links)}</nav>' if links else '<p class="unseen" id="turn">All steps</p>'
    )


def _item(attempt: int, number: int, records: Sequence[StoredStep], view: TaskView) -> str:
    steps = [record.step for record in records]
    first, tokens = steps[0], sum(step.tokens for step in steps)
    picture = _name(number, view.pictures) if attempt == view.stored.attempt else None
    shot = "" if picture is None else _figure(view, picture, f"The screen at step {number}")
    cost = sum((step.cost for step in steps), start=first.cost * 0)
    spent = [
        words.moment(records[0].at),
        lasted(sum(step.seconds for step in steps)),
        f"{tokens:,} tokens" if tokens else "",
        words.money(cost, first.currency) if tokens else "",
    ]
    reason = f'<p class="said" dir="auto">{words.plain(first.rationale, MAX_SAID)}</p>' if first.rationale else ""
    deeds = "".join(
        f'<li><code class="said">{words.action(step.action, MAX_SAID)}</code>'
        f'<span class="said note{_tone(step.outcome)}" dir="auto">{words.plain(step.outcome, MAX_SAID)}</span></li>'
        for step in steps
    )
    again = f" (attempt {attempt})" if attempt != view.stored.attempt else ""
    return (
        f'<li class="card step" id="s-{attempt}-{number}"><div><h3>Step {number}{again}</h3>'
        f'<p class="note">{" · ".join(filter(None, spent))}</p>{reason}<ul class="deeds">{deeds}</ul></div>{shot}</li>'
    )


def _tone(outcome: str) -> str:
    return " wrong" if outcome.startswith(("error:", "invalid:", "not carried out:")) else ""


def _end(view: TaskView) -> Iterator[str]:
    """Yield the picture of the screen at the end, if there is one."""
    numbers = {record.step.number for record in view.steps}
    names = sorted(view.pictures, key=_number)
    name = next((name for name in names if _number(name) > max(numbers, default=0)), None)
    if name is not None and view.stored.record.status not in LIVE:
        figure = _figure(view, name, "The screen at the end")
        yield f'<section class="card end" id="end"><h3>At the end</h3>{figure}</section>'


def _figure(view: TaskView, name: str, alt: str) -> str:
    address = f"{escape(view.stored.record.task_id)}/pictures/{escape(name)}"
    return f'<a class="shot" href="{address}"><img src="{address}" alt="{alt}" loading="lazy"></a>'


def _name(number: int, names: Collection[str]) -> str | None:
    return next((name for name in names if _number(name) == number), None)


def _number(name: str) -> int:
    return int(name.partition(".")[0])
