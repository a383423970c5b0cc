"""Alert rules, recording rules, dashboards and configuration for the people who run the service.

All of it is generated from one model. `Thresholds` holds every number that an operator may change; `Setting` adds the
job's name. `alert_rules` and `recording_rules` write the files that Prometheus loads. docs/embedding.md has an example;
`gui-agents monitoring init` writes the same files, and those of Alertmanager and Grafana. Only the dashboards need the
extra: `pip install "gui-agents-service[operations]"`.
"""

from typing import TYPE_CHECKING, Final

from gui_agents.domain.exports import exports

if TYPE_CHECKING:
    from collectors.operations.model import Setting
    from collectors.operations.rules import alert_rules, recording_rules
    from collectors.operations.thresholds import Thresholds

__all__ = ["Setting", "Thresholds", "alert_rules", "recording_rules"]

_HOMES: Final = {
    "Setting": "collectors.operations.model.Setting",
    "Thresholds": "collectors.operations.thresholds.Thresholds",
    "alert_rules": "collectors.operations.rules.alert_rules",
    "recording_rules": "collectors.operations.rules.recording_rules",
}

__getattr__ = exports(__name__, _HOMES)
