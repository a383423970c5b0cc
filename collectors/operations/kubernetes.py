"""The rules as the Prometheus Operator takes them."""

from collectors.operations import yaml_text
from collectors.operations.alerts import alert_groups
from collectors.operations.model import Setting
from collectors.operations.recording import recordings
from collectors.operations.rules import HEADER, as_data


def prometheus_rule(setting: Setting) -> str:
    """Return the PrometheusRule with all recording and alerting rules."""
    return HEADER + yaml_text.render(
        {
            "apiVersion": "monitoring.coreos.com/v1",
            "kind": "PrometheusRule",
            "metadata": {"name": "gui-agents", "labels": {"app.kubernetes.io/name": "gui-agents"}},
            "spec": as_data((*recordings(setting), *alert_groups(setting)), setting),
        }
    )
