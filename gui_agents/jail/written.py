"""What is written down of a jail before it is made, and how it is removed if its service is gone."""

import logging
import tempfile
from collections import Counter
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

from gui_agents.domain.sandbox import SandboxType
from gui_agents.jail import processes, records
from gui_agents.jail.cgroups import PREFIX, Cgroup
from gui_agents.jail.plan import Plan
from gui_agents.jail.user_ids import USER_IDS, take_this_user_id

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


def write_down_user(plan: Plan, user: int) -> None:
    """Write down which user a jail is going to have.

    Raises:
        OSError: that failed.
    """
    place = plan.directory / records.RECORD
    records.write(place, {**(records.read(place) or {}), "user": user})


def sweep_jails(owner: records.Owner) -> Counter[SandboxType]:
    """Remove the jails of a service that is gone, and return how many of each type. What cannot be removed is logged.

    Raises:
        OSError: the directory cannot be read.
    """
    swept: Counter[SandboxType] = Counter()
    # Nothing was started if there is no record. If it cannot be read, the marker finds the processes.
    jails = {place: records.read(place / records.RECORD) or {} for place in owner.jails()}
    if jails and not _end_processes(jails):
        _log.warning("processes of the jails in %s do not end; the next start tries again", owner.directory)
        return swept
    for place, record in jails.items():
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


def _end_processes(jails: Mapping[Path, Mapping[str, Any]]) -> bool:
    """End the processes of jails whose service is gone. Return whether there are none."""
    numbers = {number for record in jails.values() if isinstance(number := record.get("user"), int)}
    with ExitStack() as taken:
        users = []
        for number in numbers.intersection(USER_IDS):
            # Another service may have taken the user since then.
            if (user := take_this_user_id(number)) is not None:
                taken.callback(user.free)
                users.append(number)
        return processes.end_marked([place.name for place in jails], users, SECONDS)


def _named(text: Any, jail_id: str) -> Path:
    """Return the path of a thing of a jail, whose name says so: nothing else is ever removed.

    Raises:
        ValueError: it has another name.
    """
    place = Path(text)
    if place.name not in {jail_id, PREFIX + jail_id}:
        raise ValueError(f"{text} is no jail's")
    return place
