"""Are tasks written to the storage, and soon?"""

from typing import Final

from collectors.operations.formula import Matcher
from collectors.operations.model import Alert, Setting, Severity, number
from collectors.operations.wording import COUNT, SECONDS
from gui_agents.domain.storage import StorageOperation, StorageOutcome

OPERATIONS: Final = "agent_storage_operations_total"
COMMITS: Final = "agent_storage_commit_duration_seconds"
QUEUE: Final = "agent_storage_queue"
WRITTEN: Final = (
    Matcher("operation", "=", StorageOperation.COMMIT),
    Matcher("outcome", "=", StorageOutcome.OK),
)
FAILED: Final = Matcher("outcome", "=", StorageOutcome.ERROR)


def alerts(setting: Setting) -> tuple[Alert, ...]:
    """Return the alerts of this group."""
    return (_failing(setting), _errors(setting), _slow(setting), _queue(setting))


def _failing(setting: Setting) -> Alert:
    window = setting.window("2m")
    return Alert(
        name="StorageFailing",
        # A disk that hangs ends no try, so that no error is counted: what tells is that nothing is written.
        formula=(
            f"min_over_time({setting.series(QUEUE)}[{window}]) > 0\nunless\n"
            f"sum without (operation, outcome) (increase({setting.series(OPERATIONS, *WRITTEN)}[{window}])) > 0"
        ),
        hold_seconds=setting.hold("1m"),
        severity=Severity.CRITICAL,
        summary="{{ $labels.instance }} cannot write to its storage",
        description=(
            f"{{{{ $labels.instance }}}} has written nothing to its storage for 3 minutes, and {COUNT} entries wait. "
            "It accepts no task until it can write again; tasks that run go on. First: read in its log why: a full "
            "disk, a database that does not answer."
        ),
    )


def _errors(setting: Setting) -> Alert:
    errors = f"increase({setting.series(OPERATIONS, FAILED)}[{setting.window('5m')}])"
    return Alert(
        name="StorageErrors",
        # A database that is gone for a moment is tried again, which makes many errors at once and is no trouble.
        formula=f"{errors} > {number(setting.thresholds.storage_errors)}",
        hold_seconds=setting.hold("10m"),
        severity=Severity.WARNING,
        summary="Operations on the storage of {{ $labels.instance }} fail",
        description=(
            f"{COUNT} operations ({{{{ $labels.operation }}}}) on the storage of {{{{ $labels.instance }}}} failed "
            "within 5 minutes, and it has gone on for 10 minutes. First: read in its log why."
        ),
    )


def _slow(setting: Setting) -> Alert:
    limits = setting.thresholds
    window = setting.window("10m")
    count = f"increase({setting.series(f'{COMMITS}_count')}[{window}])"
    buckets = f"rate({setting.series(f'{COMMITS}_bucket')}[{window}])"
    return Alert(
        name="StorageSlow",
        formula=(
            f"histogram_quantile(0.95, {buckets}) > {setting.seconds(limits.storage_commit_p95_seconds)}\n"
            f"and\n{count} >= {number(limits.storage_commit_minimum)}"
        ),
        hold_seconds=setting.hold("5m"),
        severity=Severity.WARNING,
        summary="The storage of {{ $labels.instance }} is slow",
        description=(
            f"One commit in twenty of {{{{ $labels.instance }}}} took more than {SECONDS} within 10 minutes. Whoever "
            "submits a task waits for it. First: see what else uses this disk, or the database."
        ),
    )


def _queue(setting: Setting) -> Alert:
    return Alert(
        name="StorageQueueGrows",
        formula=f"{setting.recent(QUEUE)} > {number(setting.thresholds.storage_queue)}",
        hold_seconds=setting.hold("5m"),
        severity=Severity.WARNING,
        summary="{{ $labels.instance }} writes more slowly than its tasks go on",
        description=(
            f"{COUNT} entries of {{{{ $labels.instance }}}} are not in its storage yet, and have not been for 5 "
            "minutes; a crash would lose what they tell of running tasks. First: see how long commits take."
        ),
    )
