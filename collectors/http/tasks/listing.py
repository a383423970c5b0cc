"""The list of tasks as a page. Pure."""

from collections.abc import Iterator, Mapping
from html import escape
from typing import Final

from collectors.http.tasks import words
from collectors.http.tasks.frame import options, page
from collectors.http.tasks.views import Viewer
from collectors.http.tasks.wanted import ASCENDING, Query
from gui_agents.domain.lifecycle import FailureReason, TaskStatus
from gui_agents.domain.moment import lasted
from gui_agents.domain.sandbox import Backend
from gui_agents.domain.storage import TaskOrder, TaskPage, TaskSummary

PAGE_SIZE: Final = 50
MAX_INSTRUCTION: Final = 160
MAX_NAME: Final = 80
ANY: Final[Mapping[str, str]] = {"": "any"}
STATUSES: Final = {**ANY, **{str(status): str(status) for status in TaskStatus}}
REASONS: Final = {**ANY, **{str(reason): str(reason).replace("_", " ") for reason in FailureReason}}
BACKENDS: Final = {**ANY, **{str(backend): str(backend) for backend in Backend}}
SORTS: Final[Mapping[str, str]] = {
    TaskOrder.CREATED: "when created",
    TaskOrder.ENDED: "when ended",
    TaskOrder.DURATION: "how long",
    TaskOrder.COST: "cost",
    TaskOrder.STEPS: "steps",
}
DIRECTIONS: Final = {"": "most first", ASCENDING: "least first"}
SPANS: Final = (
    '<datalist id="spans"><option value="15m"><option value="1h"><option value="1d"><option value="7d"></datalist>'
)


def list_page(found: TaskPage, query: Query, viewer: Viewer) -> bytes:
    """Return the page."""
    whose = "of all owners" if viewer.sees_all else f"of {escape(viewer.identity.name)}"
    rows = "".join(map(_row, found.tasks))
    nothing = "" if rows else '<p class="card" id="nothing">No task meets the filter.</p>'
    older = (
        f'<nav class="turn" id="turn"><a rel="next" href="?{escape(query.address(cursor=found.next_cursor))}">'
        "Next page</a></nav>"
        if found.next_cursor
        else ""
    )
    table = TABLE.format(rows=rows) if rows else ""
    body = f'{_form(query, viewer)}<div id="live" data-live>{nothing}{table}{older}</div>'
    return page("Tasks", body, depth=0, line=f"Tasks {whose}; times are UTC", viewer=viewer, is_list=True)


TABLE: Final = """\
<div class="card list" id="list" data-parts><table id="table" data-parts>
<thead id="head"><tr><th scope="col">Status</th><th scope="col">Task</th><th scope="col">Created</th>
<th scope="col" class="num">Took</th><th scope="col" class="num">Steps</th><th scope="col" class="num">Tokens</th>
<th scope="col" class="num">Cost</th></tr></thead>
<tbody id="rows" data-parts>{rows}</tbody></table></div>"""


def _row(task: TaskSummary) -> str:
    name = escape(task.task_id)
    used = task.statistics
    took = lasted(task.execution_seconds) if task.ended_at is not None else words.NOTHING
    said = [words.plain(each, MAX_NAME) for each in (task.owner, task.model, task.backend) if each]
    why = "" if task.reason is None else f'<span class="note">{str(task.reason).replace("_", " ")}</span>'
    return (
        f'<tr id="t-{name}"><td>{words.pill(task.status)}{why}</td>'
        f'<td class="what"><a href="tasks/{name}" class="said" dir="auto">'
        f"{words.plain(task.instruction, MAX_INSTRUCTION) or '(no instruction)'}</a>"
        f'<span class="note">{" · ".join([f"<code>{name[:8]}</code>", *said])}</span></td>'
        f'<td data-name="Created">{words.moment(task.created_at)}</td>'
        f'<td class="num" data-name="Took">{took}</td>'
        f'<td class="num" data-name="Steps">{used.steps:,}</td>'
        f'<td class="num" data-name="Tokens">{words.tokens(used)}</td>'
        f'<td class="num" data-name="Cost">{words.money(used.cost, used.currency)}</td></tr>'
    )


def _form(query: Query, viewer: Viewer) -> str:
    fields = "".join(_fields(query, viewer))
    mistakes = "".join(f"<li>{words.plain(mistake, 200)}</li>" for mistake in query.mistakes)
    told = f'<ul class="troubles mistakes" role="alert">{mistakes}</ul>' if mistakes else ""
    return f"""\
<form class="card filters" method="get" action="tasks" role="search">{fields}
<div class="buttons"><button type="submit">Show</button><a href="tasks">All tasks</a></div>{SPANS}</form>{told}"""


def _fields(query: Query, viewer: Viewer) -> Iterator[str]:
    yield _select("status", "Status", STATUSES, query)
    yield _select("reason", "Why failed", REASONS, query)
    yield _select("backend", "Sandbox", BACKENDS, query)
    yield _input("id", "Id begins with", query)
    yield _input("model", "Model", query, 'placeholder="provider/name"')
    if viewer.sees_all:
        yield _input("owner", "Owner", query)
    yield _input("since", "Since", query, 'list="spans" placeholder="1h, or a date"')
    yield _input("until", "Until", query, 'list="spans"')
    yield _input("min_cost", "Cost at least", query, 'inputmode="decimal"')
    yield _input("text", "Text in the instruction", query, 'type="search"')
    yield _select("sort", "Sorted by", SORTS, query)
    yield _select("order", "Order", DIRECTIONS, query)


def _select(name: str, label: str, choices: Mapping[str, str], query: Query) -> str:
    return f'<label>{label}<select name="{name}">{options(choices, query.first(name))}</select></label>'


def _input(name: str, label: str, query: Query, more: str = "") -> str:
    value = escape(query.first(name)[:500])
    kind = more or 'autocomplete="off"'
    return f'<label>{label}<input name="{name}" value="{value}" {kind}></label>'
