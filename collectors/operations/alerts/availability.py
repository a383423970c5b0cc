"""Is the service there, does its monitoring tell the truth, and does its event loop turn?"""

from typing import Final

from collectors.operations.model import BRIDGE, Alert, Scope, Setting, Severity, number
from collectors.operations.wording import COUNT, PERCENT, SECONDS

INFO_LABELS: Final = ("version", "max_concurrent_tasks", "log_level", "domain")
"""What agent_service_info has beyond the labels of its target."""
ONE_OUTAGE: Final = 2
"""Changes of `up` that one outage makes: down and up again."""
BESIDE: Final = "No instance serves its runbook now: it is runbooks/{name}.md beside the rules."


def alerts(setting: Setting) -> tuple[Alert, ...]:
    """Return the alerts of this group."""
    return (*_targets(setting), *_scrapes(setting), *_event_loop(setting))


def _targets(setting: Setting) -> tuple[Alert, ...]:
    limits = setting.thresholds
    up = setting.series("up")
    ten, quarter = setting.window("10m"), setting.window("15m")
    start = setting.series("process_start_time_seconds")
    uptime = setting.series("agent_service_uptime_seconds")
    return (
        Alert(
            name="ServiceDown",
            formula=f"{up} == 0",
            hold_seconds=setting.hold("1m"),
            severity=Severity.CRITICAL,
            silent=True,
            summary="{{ $labels.instance }} does not answer scrapes",
            description=(
                "All scrapes of {{ $labels.instance }} of {{ $labels.job }} have failed for 1 minute (up is "
                "{{ $value }}). First: look whether its process runs, and read its last log lines."
            ),
        ),
        Alert(
            name="AllInstancesDown",
            formula=(setting.aggregate("sum", "up"), " == 0"),
            scope=Scope.JOB,
            hold_seconds=setting.hold("1m"),
            severity=Severity.CRITICAL,
            summary="No instance of {{ $labels.job }} answers",
            description=(
                "{{ $value }} instances of {{ $labels.job }} have answered scrapes for 1 minute. First: ask the "
                "service from outside with gui-agents health. " + BESIDE.format(name="AllInstancesDown")
            ),
        ),
        Alert(
            name="TargetsMissing",
            # What is pushed, or sent over OTLP, has no target and no `up`, but tells of the service.
            formula=(setting.absent("up"), "\nand\n", setting.absent("agent_service_info")),
            scope=Scope.PROMETHEUS,
            hold_seconds=setting.hold("5m"),
            severity=Severity.CRITICAL,
            summary="Prometheus has no target and no metrics of {{ $labels.job }}",
            description=(
                "For 5 minutes Prometheus has had no target of {{ $labels.job }}, and nobody has pushed its metrics "
                "(absent is {{ $value }}): no other alert of this service can fire. First: look at Status, Service "
                "discovery in Prometheus. " + BESIDE.format(name="TargetsMissing")
            ),
        ),
        Alert(
            name="ScrapesFail",
            formula=(
                f"avg_over_time({up}[{ten}]) < {number(limits.scrape_success_ratio)}\n"
                f"and\nchanges({up}[{ten}]) > {ONE_OUTAGE}"
            ),
            hold_seconds=setting.hold("5m"),
            severity=Severity.WARNING,
            silent=True,
            summary="Scrapes of {{ $labels.instance }} fail again and again",
            description=(
                f"Only {PERCENT} of the scrapes of {{{{ $labels.instance }}}} succeeded within 10 minutes, and it goes "
                "on. First: read the last error of this target at Status, Targets in Prometheus."
            ),
        ),
        Alert(
            name="MetricsAbsent",
            formula=(
                f"max_over_time({up}[{setting.window(BRIDGE)}]) == 1\nunless\n"
                f"sum without ({', '.join(INFO_LABELS)}) ({setting.recent('agent_service_info')})"
            ),
            hold_seconds=setting.hold("5m"),
            severity=Severity.WARNING,
            silent=True,
            summary="{{ $labels.instance }} answers without the service's metrics",
            description=(
                "{{ $labels.instance }} has answered scrapes for 5 minutes (up is {{ $value }}) without "
                "agent_service_info: another program answers on this port, or the section service fails. First: look "
                "at the page with curl."
            ),
        ),
        Alert(
            name="Restarting",
            # A life that is shorter than the scrape interval shows as another start time, not as a shorter uptime.
            formula=(f"(changes({start}[{quarter}]) or resets({uptime}[{quarter}])) > {number(limits.restarts)}"),
            hold_seconds=0,
            keep_firing_seconds=setting.hold("10m"),
            severity=Severity.WARNING,
            silent=True,
            summary="{{ $labels.instance }} restarts again and again",
            description=(
                f"{{{{ $labels.instance }}}} started anew at least {COUNT} times within 15 minutes; between two "
                "scrapes only one can be seen. First: find out how it ended, by its exit status and last log lines."
            ),
        ),
    )


def _scrapes(setting: Setting) -> tuple[Alert, ...]:
    limits = setting.thresholds
    duration = f"max_over_time({setting.series('scrape_duration_seconds')}[{setting.window(BRIDGE)}])"
    return (
        Alert(
            name="ScrapeSlow",
            formula=f"{duration} > {setting.seconds(limits.scrape_seconds)}",
            hold_seconds=setting.hold("5m"),
            severity=Severity.WARNING,
            summary="Scraping {{ $labels.instance }} is slow",
            description=(
                f"A scrape of {{{{ $labels.instance }}}} took {SECONDS}, and for 5 minutes one within each 3 minutes "
                "has been slow. First: see which section takes the time."
            ),
        ),
        Alert(
            name="CollectorSectionFailed",
            formula=f"{setting.recent('agent_collector_success')} == 0",
            hold_seconds=setting.hold("5m"),
            severity=Severity.WARNING,
            summary="Metrics of section {{ $labels.section }} are missing on {{ $labels.instance }}",
            description=(
                "The section {{ $labels.section }} of {{ $labels.instance }} has failed for 5 minutes (success is "
                "{{ $value }}): its metrics are absent, and alerts that read them cannot fire. First: look for the "
                "section's error in the log."
            ),
        ),
    )


def _event_loop(setting: Setting) -> tuple[Alert, ...]:
    limits = setting.thresholds
    blocked = setting.series("agent_event_loop_blocked_seconds_total")
    two = setting.window("2m")
    return (
        Alert(
            name="EventLoopBlocked",
            # The growth in a minute, over two: one minute may hold a single good scrape.
            formula=(
                f"{setting.seconds(60)} * rate({blocked}[{two}]) > {setting.seconds(limits.loop_blocked_seconds)}"
            ),
            hold_seconds=setting.hold("2m"),
            severity=Severity.CRITICAL,
            summary="The event loop of {{ $labels.instance }} is blocked again and again",
            description=(
                f"The event loop of {{{{ $labels.instance }}}} stood still for {SECONDS} of each minute, for 2 "
                "minutes: RPCs and tasks wait that long. First: see whether the process computes or waits."
            ),
        ),
        Alert(
            name="HeartbeatStalled",
            formula=(
                f"max_over_time({setting.series('up')}[{setting.window(BRIDGE)}]) == 1\n"
                f"and\ndelta({setting.series('agent_service_uptime_seconds')}[{two}]) == 0"
            ),
            hold_seconds=setting.hold("2m"),
            severity=Severity.CRITICAL,
            summary="The event loop of {{ $labels.instance }} stands still",
            description=(
                "{{ $labels.instance }} answers scrapes (up is {{ $value }}), but its event loop has not turned for at "
                "least 4 minutes: no RPC is answered and no task moves. First: take it out of the balancer, and see "
                "what its process does before you restart it."
            ),
        ),
    )
