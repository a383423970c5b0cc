"""The sandboxes of tasks."""

import attrs

from gui_agents.config import parsers
from gui_agents.config.lybic import LybicConfig
from gui_agents.config.setting import setting
from gui_agents.domain.egress_list import PUBLIC, EgressEntry
from gui_agents.domain.screen import ScreenSize


@attrs.frozen(kw_only=True)
class SandboxesConfig(LybicConfig):
    """The sandboxes of tasks: what each may use, and how long it is kept; see docs/sandboxes.md."""

    keep: int | None = setting(
        "SANDBOX_KEEP",
        parsers.integer(0, 10_000),
        None,
        "Sandboxes kept after their tasks; as many as slots unless set.",
    )
    keep_seconds: float = setting(
        "SANDBOX_KEEP_SECONDS", parsers.seconds(0, 7 * 86400), "600", "Seconds that a sandbox is kept after its task."
    )
    warm: int = setting(
        "SANDBOX_WARM",
        parsers.integer(0, 1000),
        "0",
        "Sandboxes of DEFAULT_BACKEND that stand ready before there is a task for them.",
    )
    memory_bytes: int = setting(
        "SANDBOX_MEMORY",
        parsers.integer(2**26, 2**40),
        str(2**31),
        "Bytes of memory that one desktop or browser may use.",
    )
    disk_bytes: int = setting(
        "SANDBOX_DISK",
        parsers.integer(2**20, 2**40),
        str(2**28),
        "Bytes of files that one desktop or browser may write.",
    )
    processes: int = setting(
        "SANDBOX_PROCESSES",
        parsers.integer(16, 100_000),
        "512",
        "Processes and threads that one desktop or browser may have.",
    )
    egress_allow: tuple[EgressEntry, ...] = setting(
        "EGRESS_ALLOW",
        parsers.egress,
        PUBLIC,
        "All that browsers may reach: public (over http and https), hosts, *.domain, addresses, networks, with or "
        "without :PORT, separated by commas: see docs/sandboxes.md.",
    )
    screen: ScreenSize = setting(
        "SANDBOX_SCREEN", parsers.screen, "1280x720", "Pixels of a desktop's or browser's screen, as WIDTHxHEIGHT."
    )
    x11_apps: tuple[str, ...] | None = setting(
        "X11_APPS",
        parsers.commands,
        None,
        "Programs that tasks may open on Linux desktops, separated by commas; unless set, those known to work.",
    )
    x11_unjailed: bool = setting(
        "X11_UNJAILED",
        parsers.boolean,
        "false",
        "Allow Linux desktops without a jail, where a task's programs can do what the service can.",
    )
    chromium_unjailed: bool = setting(
        "CHROMIUM_UNJAILED",
        parsers.boolean,
        "false",
        "Allow browsers without a jail, where nothing but their own settings keeps them from the network.",
    )
