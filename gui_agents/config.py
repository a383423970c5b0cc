"""The service's configuration: environment -> frozen `Config`, validated once, every mistake reported at once.

Each setting is one field with its variable, parser, default and help text; `.env.example` and the configuration
tables of the documentation are printed from the same fields.
"""

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import attrs
from dotenv import dotenv_values

from gui_agents.domain.errors import ConfigError
from gui_agents.domain.secret import Secret

TRUE: Final = frozenset({"true", "1", "yes", "on"})
FALSE: Final = frozenset({"false", "0", "no", "off", ""})
LOG_LEVELS: Final = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
BACKENDS: Final = ("simulated",)
LATER_BACKENDS: Final = ("x11", "chromium", "lybic")
"""Known, and not part of this version."""
BUILTIN_MODEL: Final = "builtin/rules"
STORAGE_BACKENDS: Final = ("memory",)
LATER_STORAGE_BACKENDS: Final = ("sqlite", "postgres")


Parser = Callable[[str], Any]


def boolean(text: str) -> bool:
    """Read a switch."""
    if text.lower() in TRUE:
        return True
    if text.lower() in FALSE:
        return False
    raise ValueError("must be true or false (also 1/0, yes/no, on/off)")


def integer(minimum: int, maximum: int) -> Parser:
    """Return a parser of whole numbers from `minimum` to `maximum`."""

    def parse(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = minimum - 1
        if not minimum <= number <= maximum:
            raise ValueError(f"must be a whole number from {minimum} to {maximum}")
        return number

    return parse


def seconds(minimum: float, maximum: float) -> Parser:
    """Return a parser of durations in seconds."""

    def parse(text: str) -> float:
        try:
            number = float(text)
        except ValueError:
            number = minimum - 1
        if not minimum <= number <= maximum:
            raise ValueError(f"must be a number of seconds from {minimum:g} to {maximum:g}")
        return number

    return parse


def money(text: str) -> Decimal:
    """Read an amount of money above 0."""
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal(0)
    if not amount.is_finite() or amount <= 0:
        raise ValueError("must be an amount of money above 0, such as 2.50")
    return amount


def choice(*options: str, upper: bool = False) -> Parser:
    """Return a parser of one out of `options`."""

    def parse(text: str) -> str:
        value = text.upper() if upper else text
        if value not in options:
            raise ValueError(f"must be one of: {', '.join(options)}")
        return value

    return parse


def storage(text: str) -> str:
    """Read the name of a storage backend that this version has."""
    if text in LATER_STORAGE_BACKENDS:
        raise ValueError(f"{text} is not available in this version; use memory")
    return str(choice(*STORAGE_BACKENDS)(text))


def model(text: str) -> str:
    """Read the name of a model with its provider."""
    if text != BUILTIN_MODEL and not (text.startswith("openai/") and text.removeprefix("openai/")):
        raise ValueError(f"must be {BUILTIN_MODEL} or openai/NAME")
    return text


def address(text: str) -> str:
    """Read the base URL of an API."""
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
        raise ValueError("must be an http or https URL without a user name, such as https://api.openai.com/v1")
    return text


def host(text: str) -> str:
    """Read an address to listen on; an IPv6 one may stand in brackets."""
    text = text.removeprefix("[").removesuffix("]")
    wrong = not text or any(character.isspace() or character in "/@" for character in text)
    try:
        # As every lookup of a name begins, which raises what is no OSError.
        text.encode("idna")
    except UnicodeError:
        wrong = True
    if wrong:
        raise ValueError("must be a host name or an address, such as 127.0.0.1 or 0.0.0.0")
    return text


def names(text: str) -> tuple[str, ...]:
    """Read names separated by commas."""
    return tuple(name.strip() for name in text.split(",") if name.strip())


def existing_file(text: str) -> Path:
    """Read the path of a file that can be read."""
    path = Path(text)
    if not path.is_file():
        raise ValueError(f"must name a file that exists, not {text}")
    return path


def _setting(variable: str, parse: Parser, default: str | None, text: str) -> Any:
    """Describe one setting; without a default it is None unless the variable is set."""
    return attrs.field(metadata={"variable": variable, "parse": parse, "default": default, "help": text})


@attrs.frozen(kw_only=True)
class Config:
    """How the service runs."""

    enable_prometheus: bool = _setting("ENABLE_PROMETHEUS", boolean, "false", "Serve metrics and the status page.")
    prometheus_host: str = _setting("PROMETHEUS_HOST", host, "127.0.0.1", "Address of the metrics endpoint.")
    prometheus_port: int = _setting(
        "PROMETHEUS_PORT", integer(0, 65535), "8000", "Port of the metrics endpoint; 0 takes a free one."
    )
    prometheus_disable: tuple[str, ...] = _setting(
        "PROMETHEUS_DISABLE", names, "", "Optional metrics that are neither read nor shown, separated by commas."
    )
    prometheus_lean: bool = _setting(
        "PROMETHEUS_LEAN",
        boolean,
        "false",
        "Leave out series that have been 0 since the start, unless a rule reads them: see docs/monitoring-at-scale.md.",
    )
    prometheus_web_config: Path | None = _setting(
        "PROMETHEUS_WEB_CONFIG",
        existing_file,
        None,
        "File with TLS and passwords of the metrics endpoint, in the format of Prometheus's exporter-toolkit.",
    )
    prometheus_open_probes: bool = _setting(
        "PROMETHEUS_OPEN_PROBES", boolean, "false", "Answer /-/healthy and /-/ready without a password."
    )
    prometheus_access_log: bool = _setting(
        "PROMETHEUS_ACCESS_LOG", boolean, "false", "Log each answer of the metrics endpoint."
    )
    prometheus_native_histograms: bool = _setting(
        "PROMETHEUS_NATIVE_HISTOGRAMS",
        boolean,
        "false",
        "Serve durations also as native histograms; classic alerts may go silent: see docs/native-histograms.md.",
    )
    enable_otel_metrics: bool = _setting(
        "ENABLE_OTEL_METRICS", boolean, "false", "Send metrics to an OTLP endpoint, with or without Prometheus."
    )
    otel_metric_export_interval: int = _setting(
        "OTEL_METRIC_EXPORT_INTERVAL",
        integer(100, 86_400_000),
        "60000",
        "Milliseconds from one OTLP export to the next.",
    )
    grpc_host: str = _setting("GRPC_HOST", host, "127.0.0.1", "Address of the gRPC service.")
    grpc_port: int = _setting("GRPC_PORT", integer(0, 65535), "50051", "Port of the gRPC service; 0 takes a free one.")
    grpc_max_message_bytes: int = _setting(
        "GRPC_MAX_MESSAGE_BYTES", integer(1024, 64 * 2**20), str(4 * 2**20), "Largest request accepted, in bytes."
    )
    task_max_tasks: int = _setting("TASK_MAX_TASKS", integer(1, 10_000), "5", "Tasks that run at once.")
    task_queue_size: int = _setting("TASK_QUEUE_SIZE", integer(0, 1_000_000), "100", "Tasks that may wait for a slot.")
    task_retention: int = _setting("TASK_RETENTION", integer(0, 1_000_000), "1000", "Ended tasks kept in memory.")
    task_steps: int = _setting("TASK_STEPS", integer(1, 100_000), "50", "Step limit where a request names none.")
    task_timeout_seconds: float = _setting(
        "TASK_TIMEOUT_SECONDS", seconds(1, 31 * 86400), "3600", "Seconds a task may run where a request names none."
    )
    task_max_tokens: int | None = _setting(
        "TASK_MAX_TOKENS", integer(1, 10**12), None, "Tokens that one task may use; no limit unless set."
    )
    task_max_cost: Decimal | None = _setting(
        "TASK_MAX_COST", money, None, "Money that one task may spend, in its price's currency; no limit unless set."
    )
    task_storage_backend: str = _setting(
        "TASK_STORAGE_BACKEND", storage, "memory", "Where ended tasks are kept: memory."
    )
    stream_log_messages: int = _setting(
        "STREAM_LOG_MESSAGES", integer(4, 100_000), "256", "Messages kept for each task's stream."
    )
    runtime_dir: Path = _setting("RUNTIME_DIR", Path, "runtime", "Directory of the files that the service writes.")
    log_level: str = _setting("LOG_LEVEL", choice(*LOG_LEVELS, upper=True), "INFO", f"One of {', '.join(LOG_LEVELS)}.")
    allow_set_global_config: bool = _setting(
        "ALLOW_SET_GLOBAL_CONFIG", boolean, "false", "Let clients change the global configuration."
    )
    default_backend: str = _setting(
        "DEFAULT_BACKEND", choice(*BACKENDS), "simulated", f"Sandbox where a request names none: {', '.join(BACKENDS)}."
    )
    default_model: str = _setting(
        "DEFAULT_MODEL",
        model,
        BUILTIN_MODEL,
        "Model where a request names none: builtin/rules (no language model), or openai/NAME.",
    )
    openai_api_key: Secret | None = _setting(
        "OPENAI_API_KEY", Secret, None, "Key for OPENAI_BASE_URL; it is sent to no other endpoint."
    )
    openai_base_url: str = _setting(
        "OPENAI_BASE_URL",
        address,
        "https://api.openai.com/v1",
        "Endpoint of the OpenAI-compatible provider, /v1 included.",
    )
    model_timeout_seconds: float = _setting(
        "MODEL_TIMEOUT_SECONDS", seconds(0.1, 3600), "120", "Seconds that one call to a model may take."
    )
    model_max_attempts: int = _setting(
        "MODEL_MAX_ATTEMPTS", integer(1, 20), "3", "Attempts for one decision, the first one included."
    )
    model_prices_file: Path | None = _setting(
        "MODEL_PRICES_FILE", existing_file, None, "JSON file with prices per million tokens; goes before known prices."
    )
    sandbox_keep: int | None = _setting(
        "SANDBOX_KEEP", integer(0, 10_000), None, "Sandboxes kept after their tasks; as many as slots unless set."
    )
    sandbox_keep_seconds: float = _setting(
        "SANDBOX_KEEP_SECONDS", seconds(0, 7 * 86400), "600", "Seconds that a sandbox is kept after its task."
    )
    drain_seconds: float = _setting(
        "DRAIN_SECONDS", seconds(0, 3600), "10", "Seconds that running tasks get to finish when the service stops."
    )


@attrs.frozen
class Setting:
    """One setting, as documentation and checks need it."""

    name: str
    """The field of `Config`."""
    variable: str
    parse: Parser
    default: str | None
    help: str


def settings() -> Iterator[Setting]:
    """Yield every setting, in the order of `Config`."""
    for field in attrs.fields(Config):
        yield Setting(name=field.name, **field.metadata)


def table() -> str:
    """Return every variable with its meaning and its default, a line each."""
    width = max(len(setting.variable) for setting in settings())
    return "\n".join(
        f"  {setting.variable:<{width}}  {setting.help}"
        + (f" ({setting.default})" if setting.default is not None else "")
        for setting in settings()
    )


def load(environment: Mapping[str, str], dotenv: Path | None = None) -> Config:
    """Build the configuration from `environment`; the file `dotenv`, where it exists, fills what it leaves out.

    Raises:
        ConfigError: with one line for each wrong variable.
    """
    filled = _with_dotenv(environment, dotenv)
    values: dict[str, Any] = {}
    mistakes: list[str] = []
    for setting in settings():
        text = filled.get(setting.variable, "").strip()
        try:
            values[setting.name] = _value(setting, text)
        except ValueError as error:
            # A URL with a user name may hold a password, too.
            shown = "" if setting.parse is Secret or "@" in text else f" (it is {text!r:.80})"
            mistakes.append(f"{setting.variable} {error}{shown}")
    if not mistakes:
        mistakes.extend(_contradictions(values))
    if mistakes:
        raise ConfigError(mistakes)
    return Config(**values)


def _value(setting: Setting, text: str) -> Any:
    if text:
        return setting.parse(text)
    return None if setting.default is None else setting.parse(setting.default)


def _contradictions(values: Mapping[str, Any]) -> Iterator[str]:
    same_port = values["grpc_port"] == values["prometheus_port"] != 0
    if values["enable_prometheus"] and same_port:
        yield f"PROMETHEUS_PORT and GRPC_PORT are both {values['grpc_port']}; give each its own"


def _with_dotenv(environment: Mapping[str, str], dotenv: Path | None) -> Mapping[str, str]:
    if dotenv is None or not dotenv.is_file():
        return environment
    try:
        filling = dotenv_values(dotenv, interpolate=False)
    except (OSError, UnicodeDecodeError) as error:
        problem = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise ConfigError([f"{dotenv} cannot be read: {problem}"]) from error
    return {**{key: value for key, value in filling.items() if value is not None}, **environment}
