"""Who is not let in, and whose quotas are used up; for the dashboard of RPCs."""

from collectors.operations.dashboards.model import Panel, Query, Row, Unit
from collectors.operations.thresholds import Thresholds


def row(limits: Thresholds) -> Row:
    """Return the panels of access, with the lines of `limits`."""
    return Row(
        "Access",
        (
            Panel(
                title="Calls that are not let in",
                description="Within 15 minutes, by reason; nothing without ACCESS_TOKENS_FILE.",
                unit=Unit.COUNT,
                queries=(Query("sum by (reason) (increase(agent_auth_failures_total{@}[15m]))", "{{reason}}"),),
                threshold=limits.auth_failures,
                alert="AuthFailures",
            ),
            Panel(
                title="Calls refused by quotas",
                description="Within 5 minutes, by quota; nothing without tokens and without quotas.",
                unit=Unit.COUNT,
                queries=(Query("sum by (quota) (increase(agent_quota_rejections_total{@}[5m]))", "{{quota}}"),),
                threshold=limits.quota_rejections,
                alert="QuotaRejections",
            ),
        ),
    )
