"""What is kept of tasks: in the storage, and as pictures."""

from enum import StrEnum, unique

import attrs

from gui_agents.config import parsers
from gui_agents.config.setting import setting
from gui_agents.domain.recording import Recorded
from gui_agents.domain.secret import Secret


@unique
class StorageBackend(StrEnum):
    """Where tasks are stored."""

    SQLITE = "sqlite"
    MEMORY = "memory"
    POSTGRES = "postgres"


@attrs.frozen(kw_only=True)
class StorageConfig:
    """Where tasks are stored, and for how long; see docs/storage.md."""

    backend: StorageBackend = setting(
        "TASK_STORAGE_BACKEND",
        lambda text: StorageBackend(parsers.choice(*StorageBackend)(text)),
        StorageBackend.SQLITE,
        "Where tasks are stored: sqlite, a file in RUNTIME_DIR, postgres, or memory, which forgets them at the end.",
    )
    days: int = setting(
        "TASK_STORAGE_DAYS",
        parsers.integer(1, 36_500),
        "30",
        "Days that a task is stored after its end; memory has TASK_RETENTION instead.",
    )
    max_bytes: int = setting(
        "TASK_STORAGE_BYTES",
        parsers.integer(2**20, 2**50),
        str(2**31),
        "Bytes that stored tasks may take; the oldest ended tasks go first. Memory has TASK_RETENTION_BYTES instead.",
    )
    resume: str = setting(
        "TASK_RESUME",
        parsers.choice("fail", "requeue"),
        "fail",
        "What becomes of tasks that ran when the service ended without warning: fail, or requeue to run them again.",
    )
    postgres: Secret | None = setting(
        "POSTGRES_CONNECTION_STRING",
        parsers.connection_string,
        None,
        "Where the database of TASK_STORAGE_BACKEND=postgres is, such as postgresql://USER:PASSWORD@HOST/DATABASE.",
    )


@attrs.frozen(kw_only=True)
class RecordingConfig:
    """Which pictures of tasks are kept; see docs/finding-tasks.md."""

    screenshots: Recorded = setting(
        "RECORD_SCREENSHOTS",
        lambda text: Recorded(parsers.choice(*Recorded)(text)),
        Recorded.FAILED,
        "Pictures kept in RUNTIME_DIR/pictures: failed (the last steps of tasks that fail), all, or none.",
    )
    max_bytes: int = setting(
        "RECORD_SCREENSHOTS_BYTES",
        parsers.integer(2**20, 2**50),
        str(2**30),
        "Bytes that the pictures of tasks may take; the oldest go first.",
    )
