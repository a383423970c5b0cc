"""The tables of variables in docs/migration.md, from what `gui-agents config check --from` knows."""

from collections.abc import Iterable, Sequence

from gui_agents import config
from gui_agents.config.reference import DIFFERENCES, FORMER


def variables_that_differ() -> str:
    """Return a row for each variable that is used as it is and works differently."""
    return _table("Variable | What differs", ((f"`{name}`", text) for name, text in sorted(DIFFERENCES.items())))


def variables_of_the_reference() -> str:
    """Return a row for each variable of the reference that no section of ours has."""
    ours = {setting.variable for setting in config.settings()}
    rows = (
        (f"`{name}`", former.fate, former.text[:1].upper() + former.text[1:])
        for name, former in FORMER.items()
        if name not in ours
    )
    return _table("Variable | Becomes | Why, and what to write", rows)


def _table(heading: str, rows: Iterable[Sequence[str]]) -> str:
    lines = ["", f"| {heading} |", "|---" * (heading.count("|") + 1) + "|"]
    lines.extend(f"| {' | '.join(row)} |" for row in rows)
    return "".join(f"{line}\n" for line in lines)
