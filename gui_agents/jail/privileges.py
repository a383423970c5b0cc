"""Commands that take rights away from the command that follows them, and bound what its processes may use."""

import shutil
from collections.abc import Mapping
from typing import Final

PACKAGES: Final = {"setpriv": "util-linux", "prlimit": "util-linux"}
"""The programs, and the packages of Debian that have them."""


def as_user(uid: int) -> list[str]:
    """Return the command that gives up root, all capabilities, and the ways back."""
    identity = ("--reuid", str(uid), "--regid", str(uid), "--clear-groups")
    return [_path("setpriv"), *identity, "--inh-caps=-all", "--bounding-set=-all", "--no-new-privs", "--"]


def bounded(limits: Mapping[str, int]) -> list[str]:
    """Return the command that sets resource limits, such as {"core": 0}."""
    return [_path("prlimit"), *(f"--{name}={limit}" for name, limit in limits.items()), "--"]


def _path(program: str) -> str:
    return shutil.which(program) or program
