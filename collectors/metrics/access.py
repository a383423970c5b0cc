"""Access: calls that were not let in, and owners that have used up their quotas. Each is shown only where it can be.

They stand in the section of the RPCs, which they are about.
"""

from typing import Final

from collectors.metrics.definitions import Metric, counter
from gui_agents.domain.access import REFUSING, AuthFailure
from gui_agents.snapshot import ServiceSnapshot

METRICS: Final[tuple[Metric[ServiceSnapshot], ...]] = (
    counter(
        "agent_auth_failures_total",
        "Calls since the start that were not let in, because of their token or its roles. Absent without "
        "ACCESS_TOKENS_FILE.",
        lambda snapshot: snapshot.access.failures,
        labels={"reason": AuthFailure},
        example="sum by (reason) (rate(agent_auth_failures_total[5m]))",
        optional=True,
    ),
    counter(
        "agent_quota_rejections_total",
        "Calls and submissions since the start that were refused because their owner has used up a quota. Absent "
        "without ACCESS_TOKENS_FILE and without quotas in the settings.",
        lambda snapshot: snapshot.access.rejections,
        labels={"quota": REFUSING},
        example="sum by (quota) (increase(agent_quota_rejections_total[5m]))",
        optional=True,
    ),
)
