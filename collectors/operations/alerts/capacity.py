"""Is there room: for tasks, in memory, on the disk, for streams?"""

from collectors.operations.formula import Matcher
from collectors.operations.model import Alert, Scope, Setting, Severity, number
from collectors.operations.recording import UTILIZATION
from collectors.operations.wording import BYTES, COUNT, PERCENT
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
            description=(
                f"{PERCENT} of all slots of {{{{ $labels.job }}}} have been taken for 5 minutes. First: see whether "
                "there are more tasks than usual, or longer ones."
            ),
        ),
        Alert(
            name="TaskUtilizationAtCapacity",
            formula=(setting.aggregate("min", "agent_task_utilization", recent=True), " >= 1"),
            scope=Scope.JOB,
            hold_seconds=setting.hold("2m"),
            severity=Severity.CRITICAL,
            summary="Every instance of {{ $labels.job }} is full",
            description=(
                f"Even the least busy instance of {{{{ $labels.job }}}} has used {PERCENT} of its slots for 2 minutes: "
                "new tasks wait or are refused. First: see how full the queue is, and whether tasks end."
            ),
        ),
        Alert(
            name="InstanceSaturated",
            formula=f"{setting.recent('agent_task_utilization')} >= 1",
            hold_seconds=setting.hold("15m"),
            severity=Severity.WARNING,
            summary="{{ $labels.instance }} has had no free slot for long",
            description=(
                f"{{{{ $labels.instance }}}} has used {PERCENT} of its slots for 15 minutes, while others may be idle. "
                "First: compare it with the other instances."
            ),
        ),
        Alert(
            name="SubmissionsRejected",
            formula=(setting.aggregate("sum", "agent_tasks_rejected_total", queue_full, increase="5m"), " > 0"),
            scope=Scope.JOB,
            hold_seconds=setting.hold("5m"),
            keep_firing_seconds=setting.hold("5m"),
            severity=Severity.WARNING,
            summary="{{ $labels.job }} refuses tasks",
            description=(
                f"{{{{ $labels.job }}}} refused {COUNT} tasks within 5 minutes, because its queue is full, and it goes "
                "on. First: see whether tasks end, and who sends so many."
            ),
        ),
    )


def _memory_and_files(setting: Setting) -> tuple[Alert, ...]:
    limits = setting.thresholds
    memory = setting.series("agent_memory_usage_bytes")
    uptime = setting.recent("agent_service_uptime_seconds")
    return (
        Alert(
            name="HighMemoryUsage",
            formula=f"{setting.recent('agent_memory_usage_bytes')} > {number(limits.memory_bytes)}",
            hold_seconds=setting.hold("5m"),
            severity=Severity.WARNING,
            summary="{{ $labels.instance }} uses much memory",
            description=(
                f"{{{{ $labels.instance }}}} has had {BYTES} of resident memory, or nearly so, for 5 minutes. First: "
                "see whether it still grows."
            ),
        ),
        Alert(
            name="MemoryGrowth",
            formula=(
                f"predict_linear({memory}[{setting.window('1h')}], {setting.seconds(4 * 3600)})"
                f" > {number(limits.memory_limit_bytes)}\n"
                f"and\n{uptime} > {setting.seconds(3600)}"
            ),
            hold_seconds=setting.hold("30m"),
            severity=Severity.WARNING,
            summary="{{ $labels.instance }} will run out of memory",
            description=(
                f"The memory of {{{{ $labels.instance }}}} grows: if it goes on as within the last hour, it will be "
                f"{BYTES} in 4 hours, and the process will be killed. First: see what grows with it."
            ),
        ),
        Alert(
            name="TooManyTempFiles",
            formula=f"{setting.recent('agent_temp_files_count')} > {number(limits.temp_files)}",
            hold_seconds=setting.hold("10m"),
            severity=Severity.WARNING,
            summary="Files pile up on {{ $labels.instance }}",
            description=(
                f"{COUNT} files lie below the runtime directory of {{{{ $labels.instance }}}}, and have for 10 "
                "minutes. First: see which directory holds them."
            ),
        ),
    )


def _streams(setting: Setting) -> tuple[Alert, ...]:
    limits = setting.thresholds
    logs = setting.recent("agent_stream_manager_tasks")
    retention = setting.recent("agent_task_retention_limit")
    slots = setting.recent("agent_task_slots")
    queue = setting.recent("agent_task_queue_capacity")
    return (
        Alert(
            name="TooManyStreamConnections",
            formula=(
                f"sum without (method) ({setting.recent('agent_grpc_stream_connections')})"
                f" > {number(limits.stream_connections)}"
            ),
            hold_seconds=setting.hold("5m"),
            severity=Severity.WARNING,
            summary="Many streams are open on {{ $labels.instance }}",
            description=(
                f"{COUNT} streaming RPCs are open on {{{{ $labels.instance }}}}, and have been for 5 minutes. First: "
                "see which of the two methods it is."
            ),
        ),
        Alert(
            name="StreamManagerOverload",
            formula=(f"{logs}\n> {number(limits.stream_log_factor)} * (\n  {retention}\n  + {slots}\n  + {queue}\n)"),
            hold_seconds=setting.hold("5m"),
            severity=Severity.WARNING,
            summary="{{ $labels.instance }} keeps more stream logs than its limits allow",
            description=(
                f"{{{{ $labels.instance }}}} has kept the logs of {COUNT} tasks for 5 minutes, more than its retention "
                "limit, slots and queue together. First: compare the logs with the tasks that it keeps."
            ),
        ),
        Alert(
            name="StreamManagerLeak",
            formula=(
                f"{logs}\n> (\n  {setting.recent('agent_tasks_retained')}\n"
                f"  + sum without (status) ({setting.recent('agent_tasks')})\n)"
            ),
            hold_seconds=setting.hold("15m"),
            severity=Severity.WARNING,
            summary="{{ $labels.instance }} keeps logs of tasks that it has forgotten",
            description=(
                f"{{{{ $labels.instance }}}} has kept the logs of {COUNT} tasks for 15 minutes, more than it has live "
                "and retained tasks. First: see whether the difference grows."
            ),
        ),
    )
