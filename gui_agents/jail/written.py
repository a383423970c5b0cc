"""What is written down of a jail before it is made, and how it is removed if its service is gone."""

import logging
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any, Final

from gui_agents.domain.sandbox import SandboxType
from gui_agents.jail import processes, records
from gui_agents.jail.cgroups import PREFIX, Cgroup
from gui_agents.jail.plan import Plan

SECONDS: Final = 10.0
"""How long processes are ended again and again."""

_log = logging.getLogger(__name__)


def public(jail_id: str) -> Path:
    """Return the directory of a jail's files outside of RUNTIME_DIR."""
    return Path(tempfile.gettempdir(), PREFIX + jail_id)


def write_down(plan: Plan, kind: str, sandbox_type: SandboxType) -> None:
    """Write down what is going to be made, and make the directories.

    Raises:
        OSError: that failed, and nothing is left.
    """
    record = {
        "kind": kind,
        "sandbox_type": sandbox_type,
        "files": str(plan.files),
        "cgroups": [str(place) for place in plan.cgroup.directories],
    }
    try:
        plan.directory.mkdir(mode=0o700)
        records.write(plan.directory / records.RECORD, record)
        plan.files.mkdir(mode=0o700, exist_ok=plan.files == plan.directory)
        for name in ("shared", "home"):
            (plan.files / name).mkdir(mode=0o700)
    except OSError:
        records.remove_all(plan.files, plan.directory)
        raise


def sweep_jails(owner: records.Owner) -> Counter[SandboxType]:
    """Remove the jails of a service that is gone, and return how many of each type. What cannot be removed is logged.

    Raises:
        OSError: the directory cannot be read.
    """
    swept: Counter[SandboxType] = Counter()
    jails = owner.jails()
    if jails and not processes.end_marked([place.name for place in jails], SECONDS):
        _log.warning("processes of the jails in %s do not end; the next start tries again", owner.directory)
        return swept
    for place in jails:
        # Nothing was started if there is no record. If it cannot be read, the marker has found the processes.
        record = records.read(place / records.RECORD) or {}
        try:
            sandbox_type = SandboxType(record["sandbox_type"]) if record else None
            cgroup = Cgroup([_named(text, place.name) for text in record.get("cgroups", ())])
            files = _named(record["files"], place.name) if record else place
            cgroup.end_processes(SECONDS)
            cgroup.remove()
        except (OSError, KeyError, TypeError, ValueError) as error:
            _log.warning("the jail %s cannot be removed: %r; remove it by hand", place, error)
            continue
        if records.remove_all(files, place) and sandbox_type is not None:
            swept[sandbox_type] += 1
    return swept


def _named(text: Any, jail_id: str) -> Path:
    """Return the path of a thing of a jail, whose name says so: nothing else is ever removed.

    Raises:
        ValueError: it has another name.
    """
    place = Path(text)
    if place.name not in {jail_id, PREFIX + jail_id}:
        raise ValueError(f"{text} is no jail's")
    return place
