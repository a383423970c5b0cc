"""The sections of the configuration: one frozen class for each room, one field for each variable."""

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum, unique
from pathlib import Path
from typing import Final

import attrs

from gui_agents.config import parsers
from gui_agents.config.providers import ProviderConfig, provider_config, with_providers
from gui_agents.config.setting import setting
from gui_agents.domain.model import BUILTIN_MODEL
from gui_agents.domain.model_settings import Confirmation
from gui_agents.domain.providers import ProviderRow
from gui_agents.domain.sandbox import Backend
from gui_agents.domain.secret import Secret

LOG_LEVELS: Final = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
LOG_LEVEL_ALIASES: Final = {"warn": "WARNING", "fatal": "CRITICAL"}


@unique
class LogFormat(StrEnum):
    """How events are written to the log."""

    TEXT = "text"
    JSON = "json"


@attrs.frozen(kw_only=True)
class MonitoringConfig:
    """What is measured, and how it is served."""

    enable_prometheus: bool = setting(
        "ENABLE_PROMETHEUS", parsers.boolean, "false", "Serve metrics and the status page."
    )
    host: str = setting("PROMETHEUS_HOST", parsers.host, "127.0.0.1", "Address of the metrics endpoint.")
    port: int = setting(
        "PROMETHEUS_PORT", parsers.integer(0, 65535), "8000", "Port of the metrics endpoint; 0 takes a free one."
    )
    disable: tuple[str, ...] = setting(
        "PROMETHEUS_DISABLE",
        parsers.names,
        "",
        "Optional metrics that are neither read nor shown, separated by commas.",
    )
    lean: bool = setting(
        "PROMETHEUS_LEAN",
        parsers.boolean,
        "false",
        "Leave out series that have been 0 since the start, unless a rule reads them: see docs/monitoring-at-scale.md.",
    )
    web_config: Path | None = setting(
        "PROMETHEUS_WEB_CONFIG",
        parsers.existing_file,
        None,
        "File with TLS and passwords of the metrics endpoint, in the format of Prometheus's exporter-toolkit.",
    )
    open_probes: bool = setting(
        "PROMETHEUS_OPEN_PROBES", parsers.boolean, "false", "Answer /-/healthy and /-/ready without a password."
    )
    allowed_hosts: tuple[str, ...] = setting(
        "PROMETHEUS_ALLOWED_HOSTS",
        parsers.host_names,
        "",
        "Names by which the metrics endpoint may be asked, besides private ones: names, *.domain, or * for any.",
    )
    access_log: bool = setting(
        "PROMETHEUS_ACCESS_LOG", parsers.boolean, "false", "Log each answer of the metrics endpoint."
    )
    healthy_stall_seconds: float = setting(
        "HEALTHY_STALL_SECONDS",
        parsers.seconds(1, 86_400),
        "30",
        "Seconds that the event loop may be blocked before /-/healthy says no.",
    )
    native_histograms: bool = setting(
        "PROMETHEUS_NATIVE_HISTOGRAMS",
        parsers.boolean,
        "false",
        "Serve durations also as native histograms; classic alerts may go silent: see docs/native-histograms.md.",
    )
    enable_otel: bool = setting(
        "ENABLE_OTEL_METRICS", parsers.boolean, "false", "Send metrics to an OTLP endpoint, with or without Prometheus."
    )
    otel_disabled: bool = setting(
        "OTEL_SDK_DISABLED", parsers.says_true, "false", "Send nothing over OTLP, whatever ENABLE_OTEL_METRICS says."
    )
    export_milliseconds: int = setting(
        "OTEL_METRIC_EXPORT_INTERVAL",
        parsers.integer(100, 86_400_000),
        "60000",
        "Milliseconds from one OTLP export to the next.",
    )


@attrs.frozen(kw_only=True)
class RpcConfig:
    """The gRPC server."""

    host: str = setting("GRPC_HOST", parsers.host, "127.0.0.1", "Address of the gRPC service.")
    port: int = setting(
        "GRPC_PORT", parsers.integer(0, 65535), "50051", "Port of the gRPC service; 0 takes a free one."
    )
    max_message_bytes: int = setting(
        "GRPC_MAX_MESSAGE_BYTES",
        parsers.integer(1024, 8 * 2**20),
        str(4 * 2**20),
        "Largest request accepted, in bytes; 8 MiB at most, because parsing holds the event loop.",
    )
    max_connections: int = setting(
        "GRPC_MAX_CONNECTIONS", parsers.integer(1, 100_000), "1000", "Connections that clients may have open at once."
    )
    idle_seconds: float = setting(
        "GRPC_IDLE_SECONDS", parsers.seconds(1, 86_400), "300", "Seconds after which a connection without calls ends."
    )
    max_calls: int = setting(
        "GRPC_MAX_CALLS", parsers.integer(1, 1_000_000), "12000", "Calls that may be open at once, streams included."
    )
    tls_certificate: Path | None = setting(
        "GRPC_TLS_CERT",
        parsers.existing_file,
        None,
        "PEM file with the certificate of the gRPC port and those that follow it; with it, the port speaks TLS alone.",
    )
    tls_key: Path | None = setting(
        "GRPC_TLS_KEY", parsers.existing_file, None, "PEM file with the key of GRPC_TLS_CERT, without a password."
    )
    tls_client_ca: Path | None = setting(
        "GRPC_TLS_CLIENT_CA",
        parsers.existing_file,
        None,
        "PEM file with the authorities of clients' certificates; with it, clients without one are turned away.",
    )


@attrs.frozen(kw_only=True)
class TasksConfig:
    """How many tasks there may be, and what one may use."""

    slots: int = setting("TASK_MAX_TASKS", parsers.integer(1, 10_000), "5", "Tasks that run at once.")
    queue_size: int = setting(
        "TASK_QUEUE_SIZE", parsers.integer(0, 1_000_000), "100", "Tasks that may wait for a slot."
    )
    retention: int = setting("TASK_RETENTION", parsers.integer(0, 1_000_000), "1000", "Ended tasks kept in memory.")
    retention_bytes: int = setting(
        "TASK_RETENTION_BYTES",
        parsers.integer(2**20, 2**40),
        str(2**28),
        "Bytes that the texts of ended tasks may take in memory; the oldest tasks go first.",
    )
    max_steps: int = setting(
        "TASK_MAX_STEPS", parsers.integer(1, 100_000), "1000", "Largest step limit that a request may name."
    )
    max_timeout_seconds: float = setting(
        "TASK_MAX_TIMEOUT_SECONDS",
        parsers.seconds(1, 31 * 86400),
        "86400",
        "Longest time that a request may name for a task.",
    )
    steps: int = setting("TASK_STEPS", parsers.integer(1, 100_000), "50", "Step limit where a request names none.")
    timeout_seconds: float = setting(
        "TASK_TIMEOUT_SECONDS",
        parsers.seconds(1, 31 * 86400),
        "3600",
        "Seconds a task may run where a request names none.",
    )
    max_tokens: int | None = setting(
        "TASK_MAX_TOKENS", parsers.integer(1, 10**12), None, "Tokens that one task may use; no limit unless set."
    )
    max_cost: Decimal | None = setting(
        "TASK_MAX_COST",
        parsers.money,
        None,
        "Money that one task may spend, in its price's currency; no limit unless set.",
    )


@attrs.frozen(kw_only=True)
class BudgetsConfig:
    """What the service may spend on models; see docs/budgets.md."""

    daily_max_cost: Mapping[str, Decimal] = setting(
        "DAILY_MAX_COST",
        parsers.amounts,
        "",
        "Money that all tasks together may spend on one day (UTC), such as 5 USD, 30 CNY; no limit unless set.",
    )
    allow_unbudgeted_models: bool = setting(
        "ALLOW_UNBUDGETED_MODELS",
        parsers.boolean,
        "false",
        "Under a money budget, run also models whose price is unknown, or whose currency has no daily limit.",
    )


@attrs.frozen(kw_only=True)
class StreamsConfig:
    """The messages of tasks."""

    log_messages: int = setting(
        "STREAM_LOG_MESSAGES", parsers.integer(4, 100_000), "256", "Messages kept for each task's stream."
    )


@attrs.frozen(kw_only=True)
class ProcessConfig:
    """The process and its files."""

    runtime_dir: Path = setting("RUNTIME_DIR", Path, "runtime", "Directory of the files that the service writes.")
    log_level: str = setting(
        "LOG_LEVEL", parsers.choice(*LOG_LEVELS, aliases=LOG_LEVEL_ALIASES), "INFO", f"One of {', '.join(LOG_LEVELS)}."
    )
    log_format: LogFormat = setting(
        "LOG_FORMAT",
        lambda text: LogFormat(parsers.choice(*LogFormat)(text)),
        LogFormat.TEXT,
        "text for people, or json: one object a line, with the task's id.",
    )


@attrs.frozen(kw_only=True)
class AccessConfig:
    """What clients may do."""

    allow_set_global_config: bool = setting(
        "ALLOW_SET_GLOBAL_CONFIG", parsers.boolean, "false", "Let clients change the global configuration."
    )
    tokens_file: Path | None = setting(
        "ACCESS_TOKENS_FILE",
        parsers.existing_file,
        None,
        "File with the hashes of the tokens that calls need, made by `gui-agents token create`: see docs/access.md.",
    )
    audit_log: Path | None = setting(
        "AUDIT_LOG",
        Path,
        None,
        "File with a line for each change and each refusal; with tokens, audit.jsonl in RUNTIME_DIR unless set.",
    )
    audit_log_bytes: int = setting(
        "AUDIT_LOG_BYTES",
        parsers.integer(2**16, 2**40),
        str(2**27),
        "Bytes that the audit log may take on the disk; half of them are for the file before the present one.",
    )
    allow_insecure: bool = setting(
        "ALLOW_INSECURE",
        parsers.boolean,
        "false",
        "Let GRPC_HOST be an address that other machines reach, without tokens or without TLS: see docs/security.md.",
    )


@attrs.frozen(kw_only=True)
class DefaultsConfig:
    """What a task gets if its request names nothing."""

    backend: str = setting(
        "DEFAULT_BACKEND",
        parsers.choice(*Backend),
        "simulated",
        f"Sandbox where a request names none: {', '.join(Backend)}.",
    )
    model: str = setting(
        "DEFAULT_MODEL",
        parsers.model,
        BUILTIN_MODEL,
        "Model where a request names none: builtin/rules (no language model), or PROVIDER/NAME.",
    )


@attrs.frozen(kw_only=True, field_transformer=with_providers)
class ModelsConfig:
    """The endpoints of models, and how they are called. The variables of providers are fields, too."""

    endpoint_allow: tuple[str, ...] = setting(
        "MODEL_ENDPOINT_ALLOW",
        parsers.hosts,
        "",
        "Hosts, addresses and networks that clients may name as endpoints besides public ones, separated by commas.",
    )
    timeout_seconds: float = setting(
        "MODEL_TIMEOUT_SECONDS", parsers.seconds(0.1, 3600), "120", "Seconds that one call to a model may take."
    )
    max_attempts: int = setting(
        "MODEL_MAX_ATTEMPTS",
        parsers.integer(1, 20),
        "3",
        "Attempts for one decision, the first one included; unless 1, up to 7 within a minute at a rate limit.",
    )
    confirm_actions: Confirmation = setting(
        "CONFIRM_ACTIONS",
        lambda text: Confirmation(parsers.choice(*Confirmation)(text)),
        Confirmation.REFUSE,
        "If a provider asks to confirm a model's actions: refuse ends the task, allow confirms them.",
    )
    models_file: Path | None = setting(
        "MODELS_FILE",
        parsers.existing_file,
        None,
        "YAML file with the settings of models, by PROVIDER/NAME: see docs/models.md.",
    )
    prices_file: Path | None = setting(
        "MODEL_PRICES_FILE",
        parsers.existing_file,
        None,
        "JSON file with prices per million tokens; goes before known prices.",
    )

    def provider(self, row: ProviderRow) -> ProviderConfig:
        """Return what is set of one provider."""
        return provider_config(self, row)


@attrs.frozen(kw_only=True)
class ServiceConfig:
    """The service as a whole."""

    drain_seconds: float = setting(
        "DRAIN_SECONDS",
        parsers.seconds(0, 3600),
        "10",
        "Seconds that running tasks get to finish when the service stops.",
    )


@attrs.frozen(kw_only=True)
class ClientConfig:
    """How commands reach the service. The service itself reads none of it."""

    token: Secret | None = setting("GUI_AGENTS_TOKEN", parsers.key, None, "Token that commands call the service with.")
    tls: bool = setting(
        "GUI_AGENTS_TLS", parsers.boolean, "false", "Call the service over TLS, and trust public authorities."
    )
    tls_ca: Path | None = setting(
        "GUI_AGENTS_TLS_CA", Path, None, "PEM file with the authorities to trust instead; with it, TLS is used."
    )
    tls_certificate: Path | None = setting(
        "GUI_AGENTS_TLS_CERT", Path, None, "PEM file with a client certificate; with it, TLS is used."
    )
    tls_key: Path | None = setting("GUI_AGENTS_TLS_KEY", Path, None, "PEM file with the key of GUI_AGENTS_TLS_CERT.")
    insecure: bool = setting(
        "GUI_AGENTS_INSECURE",
        parsers.boolean,
        "false",
        "Send the token to other machines also without TLS, where others may read it.",
    )
