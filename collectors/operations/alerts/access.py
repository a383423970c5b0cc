"""Who is not let in, and whose quotas are used up?"""

from collectors.operations.model import Alert, Scope, Setting, Severity, number
from collectors.operations.wording import COUNT


def alerts(setting: Setting) -> tuple[Alert, ...]:
    """Return the alerts of this group."""
    limits = setting.thresholds
    failures = setting.aggregate("sum", "agent_auth_failures_total", by=("job", "reason"), increase="15m")
    rejections = setting.aggregate("sum", "agent_quota_rejections_total", by=("job", "quota"), increase="5m")
    return (
        Alert(
            name="AuthFailures",
            formula=(failures, f" > {number(limits.auth_failures)}"),
            scope=Scope.JOB,
            hold_seconds=0,
            severity=Severity.WARNING,
            summary="{{ $labels.job }} turns many calls away",
            description=(
                f"{COUNT} calls of {{{{ $labels.job }}}} were not let in within 15 minutes (reason: "
                "{{ $labels.reason }}). Either somebody guesses tokens, or a client has an old one or the wrong role. "
                "First: see in the audit log from where they come."
            ),
        ),
        Alert(
            name="QuotaRejections",
            # A client that waits as it is told comes back below its quota; one that goes on for long needs a word.
            formula=(rejections, f" > {number(limits.quota_rejections)}"),
            scope=Scope.JOB,
            hold_seconds=setting.hold("10m"),
            severity=Severity.INFO,
            summary="Owners of {{ $labels.job }} have used up their quota ({{ $labels.quota }})",
            description=(
                f"{COUNT} calls of {{{{ $labels.job }}}} were refused within 5 minutes because their owner has used up "
                "its quota ({{ $labels.quota }}), and it has gone on for 10 minutes. First: see in the audit log whose "
                "they are."
            ),
        ),
    )
