"""Do alerts arrive at all, and is the endpoint locked as its file says?"""

from collectors.operations.model import Alert, Scope, Setting, Severity


def alerts(setting: Setting) -> tuple[Alert, ...]:
    """Return the alerts of this group."""
    return (
        Alert(
            name="WebConfigNotUsed",
            formula=(
                f"max_over_time({setting.series('agent_web_config_reload_success')}[{setting.window('5m')}]) == 0"
            ),
            hold_seconds=0,
            severity=Severity.WARNING,
            summary="{{ $labels.instance }} does not use its changed web configuration",
            description=(
                "For five minutes {{ $labels.instance }} could not use its web configuration as the file stands "
                "(success is {{ $value }}): an old certificate is served, and a user who was removed is still let in. "
                "First: read the reason in its log, or run gui-agents config check with its variables."
            ),
        ),
        Alert(
            name="Watchdog",
            formula="vector(1) > 0",
            scope=Scope.PROMETHEUS,
            hold_seconds=0,
            severity=Severity.NONE,
            labels={"job": setting.job},
            summary="Alerts arrive",
            description=(
                "This alert always fires (it is {{ $value }}). A receiver that no longer hears it, such as a dead "
                "man's switch, knows that Prometheus or Alertmanager is broken."
            ),
        ),
    )
