"""The configuration: one frozen section for each room, in one `Config` that is read from the environment."""

from gui_agents.config.loading import Config, load, settings, table
from gui_agents.config.sections import (
    AccessConfig,
    DefaultsConfig,
    ModelsConfig,
    MonitoringConfig,
    ProcessConfig,
    RpcConfig,
    SandboxesConfig,
    ServiceConfig,
    StorageConfig,
    StreamsConfig,
    TasksConfig,
)
from gui_agents.config.setting import Setting

__all__ = [
    "AccessConfig",
    "Config",
    "DefaultsConfig",
    "ModelsConfig",
    "MonitoringConfig",
    "ProcessConfig",
    "RpcConfig",
    "SandboxesConfig",
    "ServiceConfig",
    "Setting",
    "StorageConfig",
    "StreamsConfig",
    "TasksConfig",
    "load",
    "settings",
    "table",
]
