"""What a jail is made of, as its supervisor has written it down."""

from pathlib import Path

import attrs

from gui_agents.jail.cgroups import Cgroup
from gui_agents.jail.limits import Limits


@attrs.frozen(kw_only=True)
class Plan:
    """One jail."""

    jail_id: str
    noun: str
    """What it is for people, such as "desktop"."""
    unjailed_variable: str
    """The setting that allows it without walls."""
    directory: Path
    """Where its record is."""
    files: Path
    """Where its directories `shared` and `home` are. Inside of walls, the program does not see them."""
    limits: Limits
    bwrap: Path | None
    """The program that makes the walls; None for no walls."""
    cgroup: Cgroup
