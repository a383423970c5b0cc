"""What is stored, and how fast; for the dashboard of resources."""

from collectors.operations.dashboards.model import Panel, Query, Row, Unit
from collectors.operations.thresholds import Thresholds


def row(limits: Thresholds) -> Row:
    """Return the panels of the storage, with the lines of `limits`."""
    return Row(
        "Storage",
        (
            Panel(
                title="Duration of commits",
                description="95 % of the commits took at most this long, over 10 minutes. A client hears of its task "
                "once it is on disk.",
                unit=Unit.SECONDS,
                queries=(
                    Query(
                        "histogram_quantile(0.95, sum by (instance, le) "
                        "(rate(agent_storage_commit_duration_seconds_bucket{@}[10m]))) >= 0",
                        "{{instance}}",
                    ),
                ),
                threshold=limits.storage_commit_p95_seconds,
                alert="StorageSlow",
            ),
            Panel(
                title="Waiting to be written",
                description="Entries (tasks, messages, steps, ends) of each instance that are not on disk yet.",
                unit=Unit.COUNT,
                queries=(Query("max by (instance) (agent_storage_queue{@})", "{{instance}}"),),
                threshold=limits.storage_queue,
                alert="StorageQueueGrows",
            ),
            Panel(
                title="Operations on the storage",
                description="Commits, reads and deletions, each second, by how they end.",
                unit=Unit.PER_SECOND,
                queries=(
                    Query(
                        "sum by (operation, outcome) (rate(agent_storage_operations_total{@}[$__rate_interval]))",
                        "{{operation}} {{outcome}}",
                    ),
                ),
            ),
            Panel(
                title="Size of the storage",
                description="As each instance has last measured it. Above TASK_STORAGE_BYTES the oldest ended tasks "
                "are deleted before TASK_STORAGE_DAYS have passed.",
                unit=Unit.BYTES,
                queries=(Query("max by (instance) (agent_storage_bytes{@})", "{{instance}}"),),
            ),
        ),
    )
