"""The waiting tasks in the order in which they start: first come, first served, but for owners that have enough.

Theory of operation. A task that is first and whose owner may run no more is parked, behind others of the owner.
When a task of that owner ends, the owner is tried again before all tasks that were never first, which are younger. So
nobody's turn is found by a search, however many tasks wait.
"""

from collections import OrderedDict

from gui_agents.access.owners import Owners


class Line:
    """Knows the pending tasks and their owners."""

    def __init__(self, owners: Owners) -> None:
        self._owners = owners
        self._waiting: OrderedDict[str, str] = OrderedDict()
        """Owners by task; none of these was ever parked."""
        self._parked: dict[str, OrderedDict[str, None]] = {}
        """Tasks by owner, in the order of their coming."""
        self._again: OrderedDict[str, None] = OrderedDict()
        """Owners of parked tasks that may have room again."""

    def add(self, task_id: str, owner: str) -> None:
        """Add a task at the end."""
        self._waiting[task_id] = owner

    def head(self) -> str | None:
        """Return the task that starts next; None if none can."""
        while self._again:
            owner = next(iter(self._again))
            if owner in self._parked and self._owners.may_start(owner):
                return next(iter(self._parked[owner]))
            del self._again[owner]
        while self._waiting:
            task_id, owner = next(iter(self._waiting.items()))
            if self._owners.may_start(owner):
                return task_id
            del self._waiting[task_id]
            self._parked.setdefault(owner, OrderedDict())[task_id] = None
        return None

    def remove(self, task_id: str, owner: str) -> None:
        """Take a task out that starts or ends; nothing happens if it is not in the line."""
        if self._waiting.pop(task_id, None) is None and owner in self._parked:
            parked = self._parked[owner]
            parked.pop(task_id, None)
            if not parked:
                del self._parked[owner]

    def task_ended(self, owner: str) -> None:
        """Try the parked tasks of an owner, of whom one that ran has ended."""
        if owner in self._parked:
            self._again[owner] = None

    def quotas_changed(self) -> None:
        """Try all parked tasks."""
        self._again.update(dict.fromkeys(self._parked))
