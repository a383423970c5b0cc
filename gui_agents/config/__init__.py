"""The configuration: one frozen section for each room, in one `Config` that is read from the environment."""

from gui_agents.config.advice import default_model_advice
from gui_agents.config.doubts import Doubt, doubts
from gui_agents.config.loading import Config, load, settings, table, variables
from gui_agents.config.lybic import LybicConfig
from gui_agents.config.owners import OwnersConfig
from gui_agents.config.sections import (
    AccessConfig,
    BudgetsConfig,
    DefaultsConfig,
    LogFormat,
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
    "BudgetsConfig",
    "Config",
    "DefaultsConfig",
    "Doubt",
    "LogFormat",
    "LybicConfig",
    "ModelsConfig",
    "MonitoringConfig",
    "OwnersConfig",
    "ProcessConfig",
    "RpcConfig",
    "SandboxesConfig",
    "ServiceConfig",
    "Setting",
    "StorageConfig",
    "StreamsConfig",
    "TasksConfig",
    "default_model_advice",
    "doubts",
    "load",
    "settings",
    "table",
    "variables",
]
