"""docs/access.md says what the code does: roles of methods, quotas with their settings, fields of the audit log."""

import re
from pathlib import Path

from gui_agents import config
from gui_agents.domain.access import Quota
from gui_agents.rpc.methods import METHODS, OPERATOR_METHODS

PAGE = Path(__file__).parent.parent / "docs" / "access.md"


def table(head: str) -> list[list[str]]:
    """Return the rows below the line that begins a table."""
    rows = PAGE.read_text().partition(f"{head}\n")[2].splitlines()[1:]
    return [
        [cell.strip() for cell in row.strip("|").split("|")] for row in rows[: rows.index("")] if row.startswith("|")
    ]


def test_the_page_has_the_roles_of_every_method():
    rows = {
        name.strip("`"): re.findall(r"`(\w+)`", roles.partition(";")[0]) for name, roles in table("| Method | Roles |")
    }
    assert rows == {method.name: list(method.roles) for method in (*METHODS, *OPERATOR_METHODS)}


def test_the_page_has_every_quota_with_its_setting():
    settings = {setting.variable for setting in config.settings() if setting.section == "owners"}
    rows = table("| Quota | Setting | What it bounds | Beyond it |")
    assert [row[0].strip("`") for row in rows] == list(Quota)
    assert {row[1].strip("`") for row in rows} == settings
