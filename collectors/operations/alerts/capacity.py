"""Is there room: for tasks, in memory, on the disk, for streams?"""

from collectors.operations.formula import Matcher
from collectors.operations.model import Alert, Scope, Setting, Severity, number
from collectors.operations.recording import UTILIZATION
from gui_agents.domain.task import RejectReason


def alerts(setting: Setting) -> tuple[Alert, ...]:
    """Return the alerts of this group."""
    return (*_slots(setting), *_memory_and_files(setting), *_streams(setting))


def _slots(setting: Setting) -> tuple[Alert, ...]:
    limits = setting.thresholds
    queue_full = Matcher("reason", "=", RejectReason.QUEUE_FULL)
    return (
        Alert(
            name="HighTaskUtilization",
            formula=f"{setting.series(UTILIZATION)} > {number(limits.utilization_ratio)}",
            scope=Scope.JOB,
            hold_seconds=setting.hold("5m"),
            severity=Severity.WARNING,
            summary="{{ $labels.job }} has hardly a free slot",
            description="{{ $value | humanizePercentage }} of all slots of {{ $labels.job }} are taken.",
        ),
        Alert(
            name="TaskUtilizationAtCapacity",
            formula=(setting.aggregate("min", "agent_task_utilization"), " >= 1"),
            scope=Scope.JOB,
            hold_seconds=setting.hold("2m"),
            severity=Severity.CRITICAL,
            summary="Every instance of {{ $labels.job }} is full",
            description=(
                "Even the least busy instance of {{ $labels.job }} uses {{ $value | humanizePercentage }} of its "
                "slots: new tasks wait or are refused."
            ),
        ),
        Alert(
            name="InstanceSaturated",
            formula=f"{setting.series('agent_task_utilization')} >= 1",
            hold_seconds=setting.hold("15m"),
            severity=Severity.WARNING,
            summary="{{ $labels.instance }} has had no free slot for long",
            description=(
                "{{ $labels.instance }} uses {{ $value | humanizePercentage }} of its slots, while others may be idle."
            ),
        ),
        Alert(
            name="SubmissionsRejected",
            formula=(setting.aggregate("sum", "agent_tasks_rejected_total", queue_full, rate="5m"), " > 0"),
            scope=Scope.JOB,
            hold_seconds=setting.hold("5m"),
            keep_firing_seconds=setting.hold("5m"),
            severity=Severity.WARNING,
            summary="{{ $labels.job }} refuses tasks",
            description="{{ $labels.job }} refuses {{ $value | humanize }} tasks a second, because its queue is full.",
        ),
    )


def _memory_and_files(setting: Setting) -> tuple[Alert, ...]:
    limits = setting.thresholds
    memory = setting.series("agent_memory_usage_bytes")
    uptime = setting.series("agent_service_uptime_seconds")
    return (
        Alert(
            name="HighMemoryUsage",
            formula=f"{memory} > {number(limits.memory_bytes)}",
            hold_seconds=setting.hold("5m"),
            severity=Severity.WARNING,
            summary="{{ $labels.instance }} uses much memory",
            description="{{ $labels.instance }} has {{ $value | humanize1024 }}B of resident memory.",
        ),
        Alert(
            name="MemoryGrowth",
            formula=(
                f"predict_linear({memory}[{setting.window('1h')}], {setting.seconds(4 * 3600)})"
                f" > {number(limits.memory_limit_bytes)}\n"
                f"and on (job, instance)\n{uptime} > {setting.seconds(3600)}"
            ),
            hold_seconds=setting.hold("30m"),
            severity=Severity.WARNING,
            summary="{{ $labels.instance }} will run out of memory",
            description=(
                f"If it goes on like within {setting.window('1h')}, {{{{ $labels.instance }}}} will have "
                f"{{{{ $value | humanize1024 }}}}B of resident memory in {setting.window('4h')}."
            ),
        ),
        Alert(
            name="TooManyTempFiles",
            formula=f"{setting.series('agent_temp_files_count')} > {number(limits.temp_files)}",
            hold_seconds=setting.hold("10m"),
            severity=Severity.WARNING,
            summary="Files pile up on {{ $labels.instance }}",
            description="{{ $value }} files lie below the runtime directory of {{ $labels.instance }}.",
        ),
    )


def _streams(setting: Setting) -> tuple[Alert, ...]:
    limits = setting.thresholds
    logs = setting.series("agent_stream_manager_tasks")
    retention = setting.series("agent_task_retention_limit")
    slots = setting.series("agent_task_slots")
    queue = setting.series("agent_task_queue_capacity")
    return (
        Alert(
            name="TooManyStreamConnections",
            formula=(
                f"sum by (job, instance) ({setting.series('agent_grpc_stream_connections')})"
                f" > {number(limits.stream_connections)}"
            ),
            hold_seconds=setting.hold("5m"),
            severity=Severity.WARNING,
            summary="Many streams are open on {{ $labels.instance }}",
            description="{{ $value }} streaming RPCs are open on {{ $labels.instance }}.",
        ),
        Alert(
            name="StreamManagerOverload",
            formula=(
                f"{logs}\n> on (job, instance)\n{number(limits.stream_log_factor)} * "
                f"({retention} + on (job, instance) {slots} + on (job, instance) {queue})"
            ),
            hold_seconds=setting.hold("5m"),
            severity=Severity.WARNING,
            summary="{{ $labels.instance }} keeps more stream logs than its limits allow",
            description=(
                "{{ $labels.instance }} keeps the logs of {{ $value }} tasks, more than its retention limit, slots "
                "and queue together."
            ),
        ),
        Alert(
            name="StreamManagerLeak",
            formula=(
                f"{logs}\n> on (job, instance)\n({setting.series('agent_tasks_retained')} + on (job, instance) "
                f"sum by (job, instance) ({setting.series('agent_tasks')}))"
            ),
            hold_seconds=setting.hold("15m"),
            severity=Severity.WARNING,
            summary="{{ $labels.instance }} keeps logs of tasks that it has forgotten",
            description=(
                "{{ $labels.instance }} keeps the logs of {{ $value }} tasks, more than it has live and retained tasks."
            ),
        ),
    )
