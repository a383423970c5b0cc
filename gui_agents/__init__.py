"""Runs GUI-agent tasks behind gRPC: the public names of the service and of its client.

docs/embedding.md shows how to use them. A name's module is loaded when the name is first asked for, so that
`import gui_agents` loads neither a server nor gRPC. All other modules may change without notice.
"""

from typing import TYPE_CHECKING, Final

from gui_agents.domain.exports import exports

if TYPE_CHECKING:
    from gui_agents.client import AgentClient, CallError, Statistics, TaskMessage, TaskOrder, TaskReport
    from gui_agents.config import Config
    from gui_agents.config import load as load_config
    from gui_agents.credentials import Credentials, CredentialsError
    from gui_agents.domain.errors import ConfigError, GuiAgentsError
    from gui_agents.domain.lifecycle import FailureReason, TaskStatus
    from gui_agents.domain.storage import TaskFilter, TaskSummary
    from gui_agents.domain.version import __version__
    from gui_agents.grpc_app import App, serve
    from gui_agents.operator_calls import CancelledTasks, Overview, StepReport, TaskDetails
    from gui_agents.service import Parts
    from gui_agents.snapshot import ServiceSnapshot, SnapshotSource

__all__ = [
    "AgentClient",
    "App",
    "CallError",
    "CancelledTasks",
    "Config",
    "ConfigError",
    "Credentials",
    "CredentialsError",
    "FailureReason",
    "GuiAgentsError",
    "Overview",
    "Parts",
    "ServiceSnapshot",
    "SnapshotSource",
    "Statistics",
    "StepReport",
    "TaskDetails",
    "TaskFilter",
    "TaskMessage",
    "TaskOrder",
    "TaskReport",
    "TaskStatus",
    "TaskSummary",
    "__version__",
    "load_config",
    "serve",
]

_HOMES: Final = {
    "AgentClient": "gui_agents.client.AgentClient",
    "App": "gui_agents.grpc_app.App",
    "CallError": "gui_agents.client.CallError",
    "CancelledTasks": "gui_agents.operator_calls.CancelledTasks",
    "Config": "gui_agents.config.Config",
    "ConfigError": "gui_agents.domain.errors.ConfigError",
    "Credentials": "gui_agents.credentials.Credentials",
    "CredentialsError": "gui_agents.credentials.CredentialsError",
    "FailureReason": "gui_agents.domain.lifecycle.FailureReason",
    "GuiAgentsError": "gui_agents.domain.errors.GuiAgentsError",
    "Overview": "gui_agents.operator_calls.Overview",
    "Parts": "gui_agents.service.Parts",
    "ServiceSnapshot": "gui_agents.snapshot.ServiceSnapshot",
    "SnapshotSource": "gui_agents.snapshot.SnapshotSource",
    "Statistics": "gui_agents.client.Statistics",
    "StepReport": "gui_agents.operator_calls.StepReport",
    "TaskDetails": "gui_agents.operator_calls.TaskDetails",
    "TaskFilter": "gui_agents.domain.storage.TaskFilter",
    "TaskMessage": "gui_agents.client.TaskMessage",
    "TaskOrder": "gui_agents.client.TaskOrder",
    "TaskReport": "gui_agents.client.TaskReport",
    "TaskStatus": "gui_agents.domain.lifecycle.TaskStatus",
    "TaskSummary": "gui_agents.domain.storage.TaskSummary",
    "__version__": "gui_agents.domain.version.__version__",
    "load_config": "gui_agents.config.load",
    "serve": "gui_agents.grpc_app.serve",
}

__getattr__ = exports(__name__, _HOMES)
