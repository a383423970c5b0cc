"""Sandboxes: how they begin and why they end, what was done in them, and what they connect to."""

from collectors.metrics.definitions import Section, counter, gauge, histogram
from gui_agents.domain.actions import SANDBOX_ACTIONS, ActionName
from gui_agents.domain.egress import EgressVerdict
from gui_agents.domain.sandbox import SandboxEnd, SandboxStart, SandboxType
from gui_agents.domain.step import ActionOutcome
from gui_agents.snapshot import ServiceSnapshot

SECTION = Section[ServiceSnapshot](
    name="sandboxes",
    metrics=(
        counter(
            "agent_sandbox_created_total",
            "Sandboxes that have been created since the start.",
            lambda snapshot: snapshot.sandboxes.created,
            labels={"sandbox_type": SandboxType},
            example="sum by (sandbox_type) (rate(agent_sandbox_created_total[5m]))",
        ),
        gauge(
            "agent_sandboxes",
            "Sandboxes that are open now, those included that are kept after their task or are closing.",
            lambda snapshot: snapshot.sandboxes.open,
            labels={"sandbox_type": SandboxType},
            example="sum by (sandbox_type) (agent_sandboxes)",
            optional=True,
        ),
        gauge(
            "agent_sandboxes_warm",
            "Open sandboxes that stand ready for the next task now, and that no task has had yet.",
            lambda snapshot: snapshot.sandboxes.warm,
            example="sum by (instance) (agent_sandboxes_warm)",
            optional=True,
        ),
        counter(
            "agent_sandboxes_ended_total",
            "Sandboxes since the start that are gone, by the reason; those that were swept were left behind by an "
            "earlier service and are not among the created ones.",
            lambda snapshot: snapshot.sandboxes.ended,
            labels={"sandbox_type": SandboxType, "reason": SandboxEnd},
            example='sum by (reason) (increase(agent_sandboxes_ended_total{reason!~"closed|expired"}[1h]))',
            optional=True,
        ),
        histogram(
            "agent_sandbox_open_duration_seconds",
            "Seconds that a task waited for its sandbox, observed when it has one: made for it (cold), made before it "
            "came (warm), or kept after another task (kept).",
            lambda snapshot: snapshot.sandboxes.openings,
            labels={"sandbox_type": SandboxType, "start": SandboxStart},
            example="histogram_quantile(0.95, sum by (le, sandbox_type, start) "
            "(rate(agent_sandbox_open_duration_seconds_bucket[15m])))",
            optional=True,
        ),
        counter(
            "agent_sandbox_failures_total",
            "Sandboxes since the start that could not be created, or broke.",
            lambda snapshot: snapshot.sandboxes.failures,
            labels={"sandbox_type": SandboxType},
            example="sum by (sandbox_type) (increase(agent_sandbox_failures_total[1h]))",
            optional=True,
        ),
        counter(
            "agent_actions_total",
            "Actions since the start that were sent to sandboxes, counted as each one returns.",
            lambda snapshot: snapshot.sandboxes.actions,
            labels={"action": [action for action in ActionName if action in SANDBOX_ACTIONS], "outcome": ActionOutcome},
            example='sum by (action) (rate(agent_actions_total{outcome="error"}[5m]))',
            optional=True,
        ),
        counter(
            "agent_egress_connections_total",
            "Connections since the start that sandboxed browsers asked for, by what became of them.",
            lambda snapshot: snapshot.sandboxes.egress,
            labels={"verdict": EgressVerdict},
            example='sum by (instance) (increase(agent_egress_connections_total{verdict="denied_private"}[15m]))',
            optional=True,
        ),
    ),
)
