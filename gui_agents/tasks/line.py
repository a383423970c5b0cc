"""The waiting tasks in the order in which they start: first come, first served, but for owners that have enough.

Theory of operation. A task that is first and whose owner may run no more is parked. When a task of that owner ends, the
one that was parked first comes back, before all that were never first: it is older than they are. So nobody's turn is
found by a search, however many tasks wait.
"""

from collections import OrderedDict

from gui_agents.access.owners import Owners


class Line:
    """Knows the pending tasks and their owners."""

    def __init__(self, owners: Owners) -> None:
        self._owners = owners
        self._waiting: OrderedDict[str, str] = OrderedDict()
        """Owners by task; none of these was ever parked."""
        self._returned: OrderedDict[str, str] = OrderedDict()
        self._parked: dict[str, OrderedDict[str, None]] = {}
        """By owner."""

    def add(self, task_id: str, owner: str) -> None:
        """Add a task at the end."""
        self._waiting[task_id] = owner

    def head(self) -> str | None:
        """Return the task that starts next; None if none can."""
        for line in (self._returned, self._waiting):
            while line:
                task_id, owner = next(iter(line.items()))
                if self._owners.may_start(owner):
                    return task_id
                del line[task_id]
                parked = self._parked.setdefault(owner, OrderedDict())
                parked[task_id] = None
                if line is self._returned:
                    parked.move_to_end(task_id, last=False)
        return None

    def remove(self, task_id: str, owner: str) -> None:
        """Take a task out that starts or ends; nothing happens if it is not in the line."""
        if self._waiting.pop(task_id, None) is None and self._returned.pop(task_id, None) is None:
            parked = self._parked.get(owner)
            if parked is not None:
                parked.pop(task_id, None)

    def task_ended(self, owner: str) -> None:
        """Let one more task of an owner try, because one that ran or waited has ended."""
        parked = self._parked.get(owner)
        if parked:
            task_id, _ = parked.popitem(last=False)
            self._returned[task_id] = owner
        elif parked is not None:
            del self._parked[owner]

    def quotas_changed(self) -> None:
        """Let all parked tasks try."""
        for owner, parked in self._parked.items():
            self._returned.update(dict.fromkeys(parked, owner))
        self._parked.clear()
