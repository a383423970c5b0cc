"""Sandboxes: created, open, failed, and what was done in them."""

from collectors.metrics.definitions import Section, counter, gauge
from gui_agents.domain.actions import SANDBOX_ACTIONS, ActionName
from gui_agents.domain.sandbox import SandboxType
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
    ),
)
