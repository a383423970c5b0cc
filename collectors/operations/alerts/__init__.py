"""The alerts, one file for each group, and the order in which they are evaluated."""

from collectors.operations.alerts import access, availability, capacity, cost, meta, rpc, sandboxes, slo, storage, tasks
from collectors.operations.model import Alert, Group, Setting


def alert_groups(setting: Setting) -> tuple[Group, ...]:
    """Return all alerting rules for `setting`."""
    return (
        Group("gui-agents.availability", availability.alerts(setting)),
        Group("gui-agents.tasks", tasks.alerts(setting)),
        Group("gui-agents.capacity", capacity.alerts(setting)),
        Group("gui-agents.sandboxes", sandboxes.alerts(setting)),
        Group("gui-agents.storage", storage.alerts(setting)),
        Group("gui-agents.access", access.alerts(setting)),
        Group("gui-agents.rpc", rpc.alerts(setting)),
        Group("gui-agents.cost", cost.alerts(setting)),
        Group("gui-agents.slo", slo.alerts(setting)),
        Group("gui-agents.meta", meta.alerts(setting)),
    )


def alert_names(setting: Setting) -> tuple[str, ...]:
    """Return the name of every alert once, in order; the tiers of an objective share theirs."""
    rules = (rule for group in alert_groups(setting) for rule in group.rules)
    return tuple(dict.fromkeys(rule.name for rule in rules if isinstance(rule, Alert)))
