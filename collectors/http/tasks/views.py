"""What the pages of tasks read, and who may see them: given from outside, as this package knows no storage."""

from collections.abc import Callable, Collection, Sequence
from typing import Final, Protocol

import attrs

from gui_agents.domain.access import AuthFailure, Identity, Role
from gui_agents.domain.storage import StoredStep, StoredTask, TaskFilter, TaskOrder, TaskPage


class TaskViews(Protocol):
    """Reads tasks. Called by worker threads, several at once; each method may block, and may raise StorageError."""

    def tasks(
        self, wanted: TaskFilter, order: TaskOrder, *, descending: bool, limit: int, cursor: str = ""
    ) -> TaskPage:
        """Return the next part of a list.

        Raises:
            CursorError: the cursor is none of this list.
        """

    def task(self, task_id: str) -> StoredTask | None:
        """Return one task; None if it is unknown."""

    def steps(self, task_id: str) -> Sequence[StoredStep]:
        """Return the steps of a task in their order; none for an unknown one."""

    def pictures(self, task_id: str) -> Collection[str]:
        """Return the names of the pictures of a task that there are."""

    def picture(self, task_id: str, name: str) -> bytes | None:
        """Return a picture; None if there is none of this name."""


class Tokens(Protocol):
    """Tells who has which token. Asked by the endpoint's thread."""

    @property
    def on(self) -> bool:
        """Whether there are tokens; without, everybody is the same."""

    def identify(self, authorization: str | None) -> Identity | AuthFailure:
        """Return who sends this Authorization header, or why that is not known."""

    def current(self, identity: Identity) -> Identity | None:
        """Return what holds now for somebody who was identified before; None if the token was revoked."""


@attrs.frozen(kw_only=True)
class TaskSource:
    """Where the pages of tasks come from."""

    views: TaskViews
    tokens: Tokens
    open_without_tokens: bool
    """Whether everybody who can reach the endpoint may see all tasks, if there are no tokens."""
    turned_away: Callable[[AuthFailure, str], None] = lambda _failure, _address: None
    """Takes notice of a visitor at an address who is not let in; called by the endpoint's thread."""


@attrs.frozen
class Viewer:
    """Somebody who may see tasks."""

    identity: Identity
    signed_in: bool
    """Whether it has a session, which it can end."""

    @property
    def sees_all(self) -> bool:
        """Whether it sees the tasks of all owners."""
        return self.identity.has(Role.READ)

    def sees(self, task: StoredTask) -> bool:
        """Tell whether it may know of a task."""
        return self.identity.sees(task.record.spec.owner)


NOBODY: Final = (
    "nobody may see the tasks here: the service has no tokens, and others than its machine can ask this port"
)
