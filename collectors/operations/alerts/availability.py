"""Is the service there, does its monitoring tell the truth, and does its event loop turn?"""

from collectors.operations.model import Alert, Scope, Setting, Severity, number


def alerts(setting: Setting) -> tuple[Alert, ...]:
    """Return the alerts of this group."""
    limits = setting.thresholds
    up = setting.series("up")
    uptime = setting.series("agent_service_uptime_seconds")
    return (
        Alert(
            name="ServiceDown",
            formula=f"{up} == 0",
            hold_seconds=setting.hold("1m"),
            severity=Severity.CRITICAL,
            summary="{{ $labels.instance }} does not answer scrapes",
            description="Prometheus could not scrape {{ $labels.instance }} of {{ $labels.job }}: up is {{ $value }}.",
        ),
        Alert(
            name="AllInstancesDown",
            formula=(setting.aggregate("sum", "up"), " == 0"),
            scope=Scope.JOB,
            hold_seconds=setting.hold("1m"),
            severity=Severity.CRITICAL,
            summary="No instance of {{ $labels.job }} answers",
            description="{{ $value }} instances of {{ $labels.job }} answer scrapes: the service is down.",
        ),
        Alert(
            name="TargetsMissing",
            formula=setting.absent("up"),
            scope=Scope.PROMETHEUS,
            hold_seconds=setting.hold("5m"),
            severity=Severity.CRITICAL,
            summary="Prometheus has no target of {{ $labels.job }}",
            description=(
                "Service discovery finds no instance of {{ $labels.job }} (absent is {{ $value }}), so that no other "
                "alert of this service can fire."
            ),
        ),
        Alert(
            name="MetricsAbsent",
            formula=f"{up} == 1\nunless on (job, instance)\n{setting.series('agent_service_info')}",
            hold_seconds=setting.hold("5m"),
            severity=Severity.WARNING,
            summary="{{ $labels.instance }} answers without the service's metrics",
            description=(
                "{{ $labels.instance }} is up ({{ $value }}), but exposes no agent_service_info: another program "
                "answers on this port, or the service's section of the scrape fails."
            ),
        ),
        Alert(
            name="Restarting",
            formula=f"resets({uptime}[{setting.window('15m')}]) > {number(limits.restarts)}",
            hold_seconds=0,
            keep_firing_seconds=setting.hold("10m"),
            severity=Severity.WARNING,
            summary="{{ $labels.instance }} restarts again and again",
            description=f"{{{{ $labels.instance }}}} restarted {{{{ $value }}}} times in {setting.window('15m')}.",
        ),
        Alert(
            name="ScrapeSlow",
            formula=f"{setting.series('scrape_duration_seconds')} > {setting.seconds(limits.scrape_seconds)}",
            hold_seconds=setting.hold("5m"),
            severity=Severity.WARNING,
            summary="Scraping {{ $labels.instance }} is slow",
            description="A scrape of {{ $labels.instance }} takes {{ $value | humanizeDuration }}.",
        ),
        Alert(
            name="CollectorSectionFailed",
            formula=f"{setting.series('agent_collector_success')} == 0",
            hold_seconds=setting.hold("5m"),
            severity=Severity.WARNING,
            summary="Metrics of section {{ $labels.section }} are missing on {{ $labels.instance }}",
            description=(
                "The section {{ $labels.section }} of {{ $labels.instance }} fails (success is {{ $value }}): its "
                "metrics are absent, and the alerts that read them are blind."
            ),
        ),
        Alert(
            name="EventLoopBlocked",
            formula=(
                f"increase({setting.series('agent_event_loop_blocked_seconds_total')}[{setting.window('1m')}])"
                f" > {setting.seconds(limits.loop_blocked_seconds)}"
            ),
            hold_seconds=setting.hold("2m"),
            severity=Severity.CRITICAL,
            summary="The event loop of {{ $labels.instance }} is blocked again and again",
            description=(
                f"Within {setting.window('1m')} the event loop of {{{{ $labels.instance }}}} stood still for "
                "{{ $value | humanizeDuration }}: RPCs and tasks wait that long."
            ),
        ),
        Alert(
            name="HeartbeatStalled",
            formula=f"{up} == 1\nand on (job, instance)\ndelta({uptime}[{setting.window('2m')}]) == 0",
            hold_seconds=setting.hold("2m"),
            severity=Severity.CRITICAL,
            summary="The event loop of {{ $labels.instance }} stands still",
            description=(
                "{{ $labels.instance }} answers scrapes (up is {{ $value }}), but its event loop has not turned for "
                f"more than {setting.window('2m')}: no RPC is answered and no task moves."
            ),
        ),
    )
