"""Whether this machine can have jails, in words that say what to do."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

from gui_agents.domain.programs import Program
from gui_agents.jail import privileges, walls
from gui_agents.jail.handed import Handed
from gui_agents.jail.limits import Limits
from gui_agents.jail.syscalls import closed_doors
from gui_agents.jail.user_ids import USER_IDS

SECONDS: Final = 20.0
PACKAGES: Final = {"bwrap": "bubblewrap", **privileges.PACKAGES}
"""The programs that a jail needs, and the packages of Debian that have them."""
PROGRAMS: Final = tuple(Program(package, (name,)) for name, package in PACKAGES.items())
SWITCHES: Final = {
    "/proc/sys/kernel/unprivileged_userns_clone": ("kernel.unprivileged_userns_clone", "0", "1"),
    "/proc/sys/kernel/apparmor_restrict_unprivileged_userns": (
        "kernel.apparmor_restrict_unprivileged_userns",
        "1",
        "0",
    ),
    "/proc/sys/user/max_user_namespaces": ("user.max_user_namespaces", "0", "10000"),
}
"""Files that say whether users may have user namespaces: the setting, the value that forbids, one that allows."""


def problem() -> str | None:
    """Start the smallest jail, and return in words why that fails; None if it works. Blocks for some milliseconds."""
    if (absent := missing()) is not None:
        return absent
    handed = Handed()
    try:
        limits = Limits(memory_bytes=2**26, disk_bytes=2**20, processes=64)
        _reading, told = handed.pipe()
        doors = closed_doors()
        seccomp = None if doors is None else handed.file(doors)
        inside = walls.Inside(limits=limits, seccomp=seccomp, files={}, places={})
        arguments = walls.arguments(inside, info=told)
        give_up = privileges.as_user(USER_IDS[0]) if os.geteuid() == 0 else []
        done = subprocess.run(  # noqa: S603 - all of it is ours
            ["bwrap", *arguments, "--", *give_up, *privileges.bounded({"core": 0}), "/bin/true"],  # noqa: S607 - from PATH, as it is found
            pass_fds=handed.descriptors,
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"bwrap does not work: {error}"
    finally:
        handed.close()
    if done.returncode == 0:
        return None
    words = done.stderr.decode(errors="replace").strip().rpartition("\n")[2] or f"status {done.returncode}"
    return f"bwrap does not work ({words}); {advice()}"


def missing() -> str | None:
    """Return in words which program is missing; None if there are all."""
    for program, package in PACKAGES.items():
        if shutil.which(program) is None:
            return f"{program} is not installed (Debian: apt-get install {package})"
    return None


def advice() -> str:
    """Return what an administrator can do."""
    for place, (name, forbids, allows) in SWITCHES.items():
        try:
            value = Path(place).read_text().strip()
        except OSError:
            continue
        if value == forbids:
            return f"allow user namespaces: sysctl -w {name}={allows}"
    return "in a container, allow it to make namespaces: see docs/sandboxes.md"
