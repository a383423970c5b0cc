"""The service's configuration: environment -> frozen `Config`, validated once, every mistake reported at once.

`.env.example` and the tables of the documentation are printed from the same settings.
"""

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

import attrs

from gui_agents.config import dotenv_file, sections
from gui_agents.config.dotenv_file import Dotenv
from gui_agents.config.owners import OwnersConfig
from gui_agents.config.sandboxes import SandboxesConfig
from gui_agents.config.secret_files import secret_text
from gui_agents.config.setting import Setting, settings_of
from gui_agents.config.storage import RecordingConfig, StorageBackend, StorageConfig
from gui_agents.domain.errors import ConfigError
from gui_agents.domain.internet import is_loopback

LONGEST_VALUE: Final = 100_000
"""Characters of a variable."""


@attrs.frozen(kw_only=True)
class Config:
    """How the service runs."""

    monitoring: sections.MonitoringConfig
    rpc: sections.RpcConfig
    tasks: sections.TasksConfig
    budgets: sections.BudgetsConfig
    storage: StorageConfig
    recording: RecordingConfig
    streams: sections.StreamsConfig
    process: sections.ProcessConfig
    access: sections.AccessConfig
    owners: OwnersConfig
    defaults: sections.DefaultsConfig
    models: sections.ModelsConfig
    sandboxes: SandboxesConfig
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
CLIENT: Final = "client"
"""The section of those who call the service; `Config` does not have it."""

_Section = TypeVar("_Section", bound=attrs.AttrsInstance)


def settings() -> Iterator[Setting]:
    """Yield every setting, in the order of `Config` and of its sections; those of clients come last."""
    for section, kind in {**_SECTIONS, CLIENT: sections.ClientConfig}.items():
        yield from settings_of(section, kind)


def known_variables() -> frozenset[str]:
    """Return every variable that is read, those that name files of secrets included."""
    return frozenset(name for setting in settings() for name in setting.variables)


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
    built: dict[str, Any] = {}
    mistakes: list[str] = []
    for section, kind in _SECTIONS.items():
        try:
            built[section] = _section(kind, environment, file)
        except ConfigError as error:
            mistakes.extend(error.mistakes)
    if mistakes:
        raise ConfigError(mistakes)
    config = Config(**built)
    mistakes.extend(_contradictions(config))
    if mistakes:
        raise ConfigError(mistakes)
    return config


def load_section(
    kind: type[_Section], environment: Mapping[str, str], dotenv: Path | None = None, left_out: Collection[str] = ()
) -> _Section:
    """Build one section alone, such as that of clients; what contradicts another section is not looked for.

    The variables `left_out` count as if they were not set.

    Raises:
        ConfigError: with one line for each wrong variable.
    """
    return _section(kind, environment, dotenv_file.read(dotenv, environment), left_out)


def _section(
    kind: type[_Section], environment: Mapping[str, str], file: Dotenv, left_out: Collection[str] = ()
) -> _Section:
    filled = {name: text for name, text in {**file.values, **environment}.items() if name not in left_out}
    values: dict[str, Any] = {}
    mistakes: list[str] = []
    for setting in settings_of("", kind):
        unresolved = [
            name
            for name in setting.variables
            if name in file.unresolved and name not in environment and name not in left_out
        ]
        if unresolved:
            mistakes += [_unresolved(name, file.unresolved[name]) for name in unresolved]
            continue
        try:
            values[setting.name] = _read(setting, filled)
        except ConfigError as error:
            mistakes.extend(error.mistakes)
    if mistakes:
        raise ConfigError(mistakes)
    return kind(**values)


def _read(setting: Setting, filled: Mapping[str, str]) -> Any:
    if setting.secret:
        secret = secret_text(setting.variable, filled)
        text, variable = secret.text, secret.variable
    else:
        text, variable = filled.get(setting.variable, "").strip(), setting.variable
    try:
        return _value(setting, text)
    except ValueError as error:
        # A URL with a user name may hold a password, too.
        shown = "" if setting.secret or "@" in text else f" (it is {text!r:.80})"
        raise ConfigError([f"{variable} {error}{shown}"]) from None


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
    if config.storage.backend is StorageBackend.POSTGRES and config.storage.postgres is None:
        yield "TASK_STORAGE_BACKEND is postgres, and POSTGRES_CONNECTION_STRING is not set; say where the database is"
    yield from _open_doors(config)


def _open_doors(config: Config) -> Iterator[str]:
    """Yield what would let in those who should stay out, and what would only look like a lock."""
    rpc, access = config.rpc, config.access
    if (rpc.tls_certificate is None) != (rpc.tls_key is None):
        there, missing = "GRPC_TLS_CERT", "GRPC_TLS_KEY"
        if rpc.tls_certificate is None:
            there, missing = missing, there
        yield f"{there} is set and {missing} is not; set both for TLS, or none of them"
    elif rpc.tls_client_ca is not None and rpc.tls_certificate is None:
        yield "GRPC_TLS_CLIENT_CA has no effect without TLS; set GRPC_TLS_CERT and GRPC_TLS_KEY, too"
    if is_loopback(rpc.host) or access.allow_insecure:
        return
    if access.tokens_file is None:
        yield (
            f"GRPC_HOST is {rpc.host}, where other machines may reach the service, and without ACCESS_TOKENS_FILE "
            "anybody may run tasks; set ACCESS_TOKENS_FILE, or ALLOW_INSECURE=true if nobody else reaches that address"
        )
    elif rpc.tls_certificate is None:
        yield (
            f"GRPC_HOST is {rpc.host}, where tokens would travel in plain text; set GRPC_TLS_CERT and GRPC_TLS_KEY, "
            "or ALLOW_INSECURE=true behind a proxy that ends TLS"
        )
