"""Do alerts arrive at all?"""

from collectors.operations.model import Alert, Scope, Setting, Severity


def alerts(setting: Setting) -> tuple[Alert, ...]:
    """Return the alerts of this group."""
    return (
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
