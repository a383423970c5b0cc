"""Tasks as the pages of the metrics endpoint read them: from the storage, with the pictures that were recorded."""

from collections.abc import Collection, Sequence

from gui_agents.domain.storage import StoredStep, StoredTask, TaskFilter, TaskOrder, TaskPage, TaskStore
from gui_agents.pictures.files import PictureFiles


class StoredViews:
    """Answers questions; each method may block, is called by any thread, and may raise StorageError."""

    def __init__(self, store: TaskStore, files: PictureFiles) -> None:
        self._store = store
        self._files = files

    def tasks(
        self, wanted: TaskFilter, order: TaskOrder, *, descending: bool, limit: int, cursor: str = ""
    ) -> TaskPage:
        """Return the next part of a list; as `TaskStore.tasks`."""
        return self._store.tasks(wanted, order, descending=descending, limit=limit, cursor=cursor)

    def task(self, task_id: str) -> StoredTask | None:
        """Return one task; None if it is unknown."""
        return self._store.task(task_id)

    def steps(self, task_id: str) -> Sequence[StoredStep]:
        """Return the steps of a task in their order; none for an unknown one."""
        return self._store.steps(task_id)

    def pictures(self, task_id: str) -> Collection[str]:
        """Return the names of the pictures of a task that there are."""
        return self._files.names(task_id)

    def picture(self, task_id: str, name: str) -> bytes | None:
        """Return a picture; None if there is none of this name."""
        return self._files.read(task_id, name)
