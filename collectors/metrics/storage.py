"""The storage of tasks: what is done with it, how long commits take, what waits to be written, how large it is."""

from collectors.metrics.definitions import Section, counter, gauge, histogram
from gui_agents.domain.storage import StorageOperation, StorageOutcome
from gui_agents.snapshot import ServiceSnapshot

SECTION = Section[ServiceSnapshot](
    name="storage",
    metrics=(
        counter(
            "agent_storage_operations_total",
            "Operations on the storage since the start: transactions that write tasks (commit, each failed try "
            "included), reads of what is not in memory (read), deletions of old tasks (expire).",
            lambda snapshot: snapshot.storage.operations,
            labels={"operation": StorageOperation, "outcome": StorageOutcome},
            example='sum by (instance, operation) (increase(agent_storage_operations_total{outcome="error"}[15m]))',
            optional=True,
        ),
        histogram(
            "agent_storage_commit_duration_seconds",
            "Seconds from the start of a transaction until it is on disk, of those that succeeded.",
            lambda snapshot: snapshot.storage.commit,
            example="histogram_quantile(0.95, sum by (le) (rate(agent_storage_commit_duration_seconds_bucket[5m])))",
            optional=True,
        ),
        gauge(
            "agent_storage_queue",
            "Entries that are not on disk yet: tasks, their messages, steps and ends.",
            lambda snapshot: snapshot.storage.queue,
            example="max by (instance) (agent_storage_queue)",
            optional=True,
        ),
        gauge(
            "agent_storage_bytes",
            "Size of the storage as of the last measurement, at most a minute ago while it answers; 0 in memory.",
            lambda snapshot: snapshot.storage.size_bytes,
            example="max by (instance) (agent_storage_bytes)",
            optional=True,
        ),
    ),
)
