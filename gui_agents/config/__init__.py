"""The configuration: one frozen section for each room, in one `Config` that is read from the environment."""

from gui_agents.config.advice import default_model_advice
from gui_agents.config.doubts import Doubt, doubts
from gui_agents.config.known_secrets import known_secrets
from gui_agents.config.loading import CLIENT, Config, known_variables, load, load_section, settings, table, variables
from gui_agents.config.lybic import LybicConfig
from gui_agents.config.owners import OwnersConfig
from gui_agents.config.sandboxes import SandboxesConfig
from gui_agents.config.secret_files import secret_text
from gui_agents.config.sections import (
    AccessConfig,
    BudgetsConfig,
    ClientConfig,
    DefaultsConfig,
    LogFormat,
    ModelsConfig,
    MonitoringConfig,
    ProcessConfig,
    RpcConfig,
    ServiceConfig,
    StreamsConfig,
    TasksConfig,
)
from gui_agents.config.setting import Setting
from gui_agents.config.storage import RecordingConfig, StorageConfig

__all__ = [
    "CLIENT",
    "AccessConfig",
    "BudgetsConfig",
    "ClientConfig",
    "Config",
    "DefaultsConfig",
    "Doubt",
    "LogFormat",
    "LybicConfig",
    "ModelsConfig",
    "MonitoringConfig",
    "OwnersConfig",
    "ProcessConfig",
    "RecordingConfig",
    "RpcConfig",
    "SandboxesConfig",
    "ServiceConfig",
    "Setting",
    "StorageConfig",
    "StreamsConfig",
    "TasksConfig",
    "default_model_advice",
    "doubts",
    "known_secrets",
    "known_variables",
    "load",
    "load_section",
    "secret_text",
    "settings",
    "table",
    "variables",
]
