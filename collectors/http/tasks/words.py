r"""Texts of tasks as HTML. Instructions and models' words are hostile: nothing of them is ever markup.

What cannot be seen is shown as an escape, `\u202e` for example: a mark that turns the direction of writing could make
one text look like another.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from html import escape
from typing import Final

from gui_agents.domain.action_json import to_json
from gui_agents.domain.actions import Action
from gui_agents.domain.lifecycle import TaskStatus
from gui_agents.domain.money import shown as amount
from gui_agents.domain.money import symbol
from gui_agents.domain.task import TaskStatistics

JOINERS: Final = frozenset("\u200c\u200d")
"""What holds letters and emoji together, and moves nothing."""
NOTHING: Final = '<span class="none">–</span>'
TONES: Final[Mapping[TaskStatus, str]] = {
    TaskStatus.PENDING: "warn",
    TaskStatus.RUNNING: "run",
    TaskStatus.COMPLETED: "good",
    TaskStatus.FAILED: "bad",
    TaskStatus.CANCELLED: "",
}


def plain(text: str, limit: int) -> str:
    """Return a text as one line of HTML."""
    return block(" ".join(text[: 4 * limit].split()), limit, len(text))


def block(text: str, limit: int, length: int | None = None) -> str:
    """Return a text of several lines as HTML; what is over the limit is counted."""
    length = len(text) if length is None else length
    cut = text[:limit]
    visible = "".join(character if _is_visible(character) else _escaped(character) for character in cut)
    more = f'<span class="note"> … ({length - limit:,} more characters)</span>' if len(text) > limit else ""
    return f"{escape(visible)}{more}"


def _is_visible(character: str) -> bool:
    return character.isprintable() or character in "\n\t" or character in JOINERS


def _escaped(character: str) -> str:
    if character == "\r":
        return ""
    code = ord(character)
    return " " if character.isspace() else f"\\u{code:04x}" if code < 2**16 else f"\\U{code:08x}"


def moment(at: float | None) -> str:
    """Return a moment in UTC as HTML."""
    if at is None:
        return NOTHING
    try:
        date = datetime.fromtimestamp(at, UTC)
    except (ValueError, OverflowError, OSError):
        return NOTHING
    return f'<time datetime="{date:%Y-%m-%dT%H:%M:%SZ}">{date:%Y-%m-%d %H:%M:%S}</time>'


def money(cost: Decimal, currency: str | None) -> str:
    """Return an amount of money as HTML; nothing if no price is known."""
    return NOTHING if currency is None else escape(f"{symbol(currency)}{amount(cost)}")


def tokens(statistics: TaskStatistics) -> str:
    """Return how many tokens a task has used."""
    return f"{statistics.input_tokens + statistics.output_tokens:,}"


def pill(status: TaskStatus) -> str:
    """Return a status as HTML."""
    return f'<span class="pill {TONES[status]}">{status}</span>'


def action(decided: Action | None, limit: int) -> str:
    """Return an action as HTML, such as `click(x=1, y=2)`."""
    if decided is None:
        return '<span class="none">no action</span>'
    fields = to_json(decided)
    name = fields.pop("action")
    said = ", ".join(f"{key}={value!r}" for key, value in fields.items())
    return f"<b>{escape(name)}</b>{plain(f'({said})', limit)}"
