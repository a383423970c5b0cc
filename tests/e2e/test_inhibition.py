"""What a real Alertmanager, with the routing of the pack, silences and what it lets through."""

import json
import urllib.request
from pathlib import Path

import pytest

from tests.e2e.programs import alertmanager, get, until

pytestmark = pytest.mark.system_tools

ROUTING = Path(__file__).parents[2] / "docs" / "alertmanager.yml"

FIRING = (
    ("dead", "AllInstancesDown", None),
    ("dead", "ServiceDown", "a"),
    ("dead", "HighTaskFailureRate", None),
    ("dead", "Watchdog", None),
    ("dead", "ServiceDown", "a,region=other"),
    ("dead", "HighTaskFailureRate", "region=other"),
    ("half", "ServiceDown", "a"),
    ("half", "TaskStuck", "a"),
    ("half", "TaskStuck", "b"),
    ("half", "HighTaskFailureRate", None),
    ("node", "ServiceDown", "a,pod=one"),
    ("node", "TaskStuck", "a,pod=one"),
    ("node", "TaskStuck", "a,pod=two"),
    ("loop", "HeartbeatStalled", "a"),
    ("loop", "EventLoopBlocked", "a"),
    ("loop", "EventLoopBlocked", "b"),
    ("disk", "StorageFailing", "a"),
    ("disk", "StorageErrors", "a"),
    ("disk", "StorageSlow", "a"),
    ("disk", "StorageQueueGrows", "a"),
    ("disk", "StorageErrors", "b"),
    ("burn", "TaskSloFastBudgetBurn", None),
    ("burn", "TaskSloSlowBudgetBurn", None),
    ("burn", "RpcSloSlowBudgetBurn", None),
    ("full", "TaskUtilizationAtCapacity", None),
    ("full", "HighTaskUtilization", None),
    ("full", "InstanceSaturated", "a"),
    ("full", "OldestPendingTooOld", "a"),
)
"""Job, alert and instance of each alert that fires at once; further labels follow a comma."""

SILENCED = {
    ("dead", "ServiceDown", "a"): "AllInstancesDown",
    ("dead", "HighTaskFailureRate", None): "AllInstancesDown",
    ("half", "TaskStuck", "a"): "ServiceDown",
    ("node", "TaskStuck", "a,pod=one"): "ServiceDown",
    ("loop", "EventLoopBlocked", "a"): "HeartbeatStalled",
    ("disk", "StorageErrors", "a"): "StorageFailing",
    ("disk", "StorageSlow", "a"): "StorageFailing",
    ("disk", "StorageQueueGrows", "a"): "StorageFailing",
    ("burn", "TaskSloSlowBudgetBurn", None): "TaskSloFastBudgetBurn",
    ("full", "HighTaskUtilization", None): "TaskUtilizationAtCapacity",
    ("full", "InstanceSaturated", "a"): "TaskUtilizationAtCapacity",
}
"""Those of them that nobody is told about, and why."""


def further(written):
    """Return the labels of an alert beyond its job and name."""
    parts = [] if written is None else written.split(",")
    return dict(part.split("=") if "=" in part else ("instance", part) for part in parts)


def written(labels):
    """Return the labels of an alert beyond its job and name, as they are written above."""
    parts = [labels.get("instance"), *(f"{name}={labels[name]}" for name in ("pod", "region") if name in labels)]
    return ",".join(filter(None, parts)) or None


def raise_all(port):
    alerts = [{"labels": {"job": job, "alertname": name, **further(instance)}} for job, name, instance in FIRING]
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/api/v2/alerts",
        json.dumps(alerts).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=10):  # noqa: S310 - this machine
        pass


def judged(port):
    """Return the cause of silence, or None, of each alert; nothing while some are still to be judged."""
    found = json.loads(get(f"http://127.0.0.1:{port}/api/v2/alerts"))
    if len(found) < len(FIRING) or any(alert["status"]["state"] == "unprocessed" for alert in found):
        return None
    names = {alert["fingerprint"]: alert["labels"]["alertname"] for alert in found}
    return {
        (alert["labels"]["job"], alert["labels"]["alertname"], written(alert["labels"])): next(
            (names[cause] for cause in alert["status"]["inhibitedBy"]), None
        )
        for alert in found
    }


async def test_consequences_are_silenced_and_other_instances_and_jobs_are_not(tmp_path):
    async with alertmanager(tmp_path, ROUTING) as port:
        raise_all(port)
        wanted = {alert: SILENCED.get(alert) for alert in FIRING}
        await until(lambda: judged(port) == wanted, "each is silenced as it must be, and no other", 20)
