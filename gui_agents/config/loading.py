"""The service's configuration: environment -> frozen `Config`, validated once, every mistake reported at once.

`.env.example` and the tables of the documentation are printed from the same settings.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import attrs

from gui_agents.config import dotenv_file, parsers, sections
from gui_agents.config.owners import OwnersConfig
from gui_agents.config.setting import Setting, settings_of
from gui_agents.domain.errors import ConfigError

LONGEST_VALUE: Final = 100_000
"""Characters of a variable."""


@attrs.frozen(kw_only=True)
class Config:
    """How the service runs."""

    monitoring: sections.MonitoringConfig
    rpc: sections.RpcConfig
    tasks: sections.TasksConfig
    budgets: sections.BudgetsConfig
    storage: sections.StorageConfig
    streams: sections.StreamsConfig
    process: sections.ProcessConfig
    access: sections.AccessConfig
    owners: OwnersConfig
    defaults: sections.DefaultsConfig
    models: sections.ModelsConfig
    sandboxes: sections.SandboxesConfig
    service: sections.ServiceConfig

    @property
    def kept_sandboxes(self) -> int:
        """Sandboxes that may be kept after their tasks."""
        return self.tasks.slots if self.sandboxes.keep is None else self.sandboxes.keep

    @property
    def most_sandboxes(self) -> int:
        """Sandboxes that may exist at once: those that run, close, are kept or stand ready."""
        return 2 * self.tasks.slots + self.kept_sandboxes + self.sandboxes.warm


_SECTIONS: Final[Mapping[str, Any]] = {field.name: field.type for field in attrs.fields(Config)}
"""The class of each section, by the field of `Config`."""


def settings() -> Iterator[Setting]:
    """Yield every setting, in the order of `Config` and of its sections."""
    for section, kind in _SECTIONS.items():
        yield from settings_of(section, kind)


def table() -> str:
    """Return every variable with its meaning and its default, a line each."""
    width = max(len(setting.variable) for setting in settings())
    return "\n".join(
        f"  {setting.variable:<{width}}  {setting.help}"
        + (f" ({setting.default})" if setting.default is not None else "")
        for setting in settings()
    )


def load(environment: Mapping[str, str], dotenv: Path | None = None) -> Config:
    """Build the configuration from `environment`; the file `dotenv`, if it exists, fills what it leaves out.

    Raises:
        ConfigError: with one line for each wrong variable.
    """
    file = dotenv_file.read(dotenv, environment)
    filled = {**file.values, **environment}
    values: dict[str, dict[str, Any]] = {section: {} for section in _SECTIONS}
    mistakes: list[str] = []
    for setting in settings():
        missing = None if setting.variable in environment else file.unresolved.get(setting.variable)
        if missing is not None:
            mistakes.append(_unresolved(setting.variable, missing))
            continue
        text = filled.get(setting.variable, "").strip()
        try:
            values[setting.section][setting.name] = _value(setting, text)
        except ValueError as error:
            # A URL with a user name may hold a password, too.
            shown = "" if setting.parse is parsers.key or "@" in text else f" (it is {text!r:.80})"
            mistakes.append(f"{setting.variable} {error}{shown}")
    if mistakes:
        raise ConfigError(mistakes)
    config = Config(**{section: kind(**values[section]) for section, kind in _SECTIONS.items()})
    mistakes.extend(_contradictions(config))
    if mistakes:
        raise ConfigError(mistakes)
    return config


def _unresolved(variable: str, missing: str) -> str:
    return (
        f"{variable} refers to ${{{missing}}}, which is not set; set it, write ${{{missing}:-}} for nothing, "
        "or put the text in single quotes to keep it as it is"
    )


def variables(environment: Mapping[str, str], dotenv: Path | None = None) -> Mapping[str, str]:
    """Return `environment`. The file `dotenv`, if it exists, fills what it leaves out.

    Raises:
        ConfigError: the file cannot be read.
    """
    return {**dotenv_file.read(dotenv, environment).values, **environment}


def _value(setting: Setting, text: str) -> Any:
    if len(text) > LONGEST_VALUE:
        raise ValueError(f"must have at most {LONGEST_VALUE} characters, not {len(text)}")
    if text:
        return setting.parse(text)
    return None if setting.default is None else setting.parse(setting.default)


def _contradictions(config: Config) -> Iterator[str]:
    port = config.rpc.port
    if config.monitoring.enable_prometheus and port == config.monitoring.port != 0:
        yield f"PROMETHEUS_PORT and GRPC_PORT are both {port}; give each its own"
    tasks = config.tasks
    if tasks.steps > tasks.max_steps:
        yield f"TASK_STEPS is {tasks.steps}, and TASK_MAX_STEPS is {tasks.max_steps}; raise the one or lower the other"
    if tasks.timeout_seconds > tasks.max_timeout_seconds:
        limits = f"TASK_TIMEOUT_SECONDS is {tasks.timeout_seconds:g}, and TASK_MAX_TIMEOUT_SECONDS is "
        yield f"{limits}{tasks.max_timeout_seconds:g}; raise the one or lower the other"
