from decimal import Decimal
from operator import attrgetter
from pathlib import Path

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gui_agents.config import CLIENT, Config, LogFormat, load, settings
from gui_agents.config.dotenv_file import LARGEST_BYTES
from gui_agents.domain.egress_list import EgressEntry
from gui_agents.domain.errors import ConfigError
from gui_agents.domain.model_settings import Confirmation
from gui_agents.domain.providers import PROVIDERS
from gui_agents.domain.recording import Recorded
from gui_agents.domain.screen import ScreenSize
from gui_agents.domain.secret import Secret

DEFAULTS = {
    "monitoring.enable_prometheus": False,
    "monitoring.host": "127.0.0.1",
    "monitoring.port": 8000,
    "rpc.host": "127.0.0.1",
    "rpc.port": 50051,
    "tasks.slots": 5,
    "tasks.queue_size": 100,
    "tasks.retention": 1000,
    "tasks.steps": 50,
    "tasks.timeout_seconds": 3600.0,
    "tasks.max_tokens": None,
    "tasks.max_cost": None,
    "budgets.daily_max_cost": {},
    "budgets.allow_unbudgeted_models": False,
    "recording.screenshots": Recorded.FAILED,
    "recording.max_bytes": 2**30,
    "storage.backend": "sqlite",
    "storage.days": 30,
    "storage.max_bytes": 2**31,
    "process.runtime_dir": Path("runtime"),
    "process.log_level": "INFO",
    "access.allow_set_global_config": False,
    "defaults.backend": "simulated",
    "defaults.model": "builtin/rules",
    "models.openai_api_key": None,
    "models.prices_file": None,
    "sandboxes.keep": None,
    "sandboxes.keep_seconds": 600.0,
    "sandboxes.egress_allow": (EgressEntry(ports=frozenset({80, 443})),),
    "service.drain_seconds": 10.0,
}

KEYS = [*(variable for row in PROVIDERS for variable in row.key_variables), "LYBIC_API_KEY"]

GOOD = [
    ("SANDBOX_SCREEN", "320X240", ScreenSize(320, 240)),
    ("SANDBOX_SCREEN", "7680x4320", ScreenSize(7680, 4320)),
    ("X11_APPS", "mousepad, xterm,mousepad", ("mousepad", "xterm")),
    ("X11_UNJAILED", "yes", True),
    ("ENABLE_PROMETHEUS", "true", True),
    ("ENABLE_PROMETHEUS", "Off", False),
    ("PROMETHEUS_HOST", "localhost", "localhost"),
    ("PROMETHEUS_PORT", "0", 0),
    ("PROMETHEUS_PORT", "65535", 65535),
    ("GRPC_HOST", "127.0.0.2", "127.0.0.2"),
    ("ALLOW_INSECURE", "true", True),
    ("POSTGRES_CONNECTION_STRING", "postgresql://u:p@db/agents", Secret("postgresql://u:p@db/agents")),
    ("POSTGRES_CONNECTION_STRING", "host=db password='two words'", Secret("host=db password='two words'")),
    ("PROMETHEUS_HOST", "[::1]", "::1"),
    ("GRPC_PORT", " 6000 ", 6000),
    ("GRPC_MAX_MESSAGE_BYTES", "1048576", 1048576),
    ("TASK_MAX_TASKS", "1000", 1000),
    ("TASK_QUEUE_SIZE", "0", 0),
    ("TASK_RETENTION", "0", 0),
    ("TASK_STEPS", "7", 7),
    ("TASK_TIMEOUT_SECONDS", "1.5", 1.5),
    ("TASK_MAX_TOKENS", "100000", 100000),
    ("TASK_MAX_COST", "2.50", Decimal("2.50")),
    ("DAILY_MAX_COST", "5 USD, 30.5 CNY", {"USD": Decimal(5), "CNY": Decimal("30.5")}),
    ("DAILY_MAX_COST", "0.01", {"USD": Decimal("0.01")}),
    ("DAILY_MAX_COST", "USD  :  5 , 7\t= EUR", {"USD": Decimal(5), "EUR": Decimal(7)}),
    ("DAILY_MAX_COST", "usd:5,EUR=7 ,8CNY", {"USD": Decimal(5), "EUR": Decimal(7), "CNY": Decimal(8)}),
    ("ALLOW_UNBUDGETED_MODELS", "true", True),
    ("TASK_STORAGE_BACKEND", "memory", "memory"),
    ("TASK_STORAGE_BACKEND", "sqlite", "sqlite"),
    ("TASK_STORAGE_DAYS", "7", 7),
    ("TASK_STORAGE_BYTES", "1048576", 2**20),
    ("STREAM_LOG_MESSAGES", "16", 16),
    ("RUNTIME_DIR", "/var/lib/agents", Path("/var/lib/agents")),
    ("LOG_LEVEL", "debug", "DEBUG"),
    ("LOG_LEVEL", "WARN", "WARNING"),
    ("LOG_LEVEL", "Fatal", "CRITICAL"),
    ("LOG_FORMAT", "JSON", LogFormat.JSON),
    ("CONFIRM_ACTIONS", "Allow", Confirmation.ALLOW),
    ("TASK_STORAGE_BACKEND", "MEMORY", "memory"),
    ("RECORD_SCREENSHOTS", "All", Recorded.ALL),
    ("RECORD_SCREENSHOTS_BYTES", "1048576", 2**20),
    ("DEFAULT_BACKEND", "Simulated", "simulated"),
    ("ENABLE_PROMETHEUS", "Enabled", True),
    ("ENABLE_OTEL_METRICS", "disabled", False),
    ("ALLOW_SET_GLOBAL_CONFIG", "1", True),
    ("DEFAULT_BACKEND", "simulated", "simulated"),
    ("DEFAULT_MODEL", "Builtin/Rules", "builtin/rules"),
    ("DEFAULT_MODEL", "OpenAI-Text/Some/Name", "openai-text/Some/Name"),
    ("DEFAULT_MODEL", "Qwen/qwen3-vl-plus", "qwen/qwen3-vl-plus"),
    ("OPENAI_API_VERSION", "2025-04-01-preview", "2025-04-01-preview"),
    ("DEFAULT_MODEL", "openai/gpt-4o", "openai/gpt-4o"),
    ("OPENAI_API_KEY", "sk-secret", Secret("sk-secret")),
    ("OPENAI_BASE_URL", "http://127.0.0.1:1234/v1", "http://127.0.0.1:1234/v1"),
    ("MODEL_TIMEOUT_SECONDS", "30", 30.0),
    ("MODEL_MAX_ATTEMPTS", "1", 1),
    ("SANDBOX_KEEP", "0", 0),
    ("SANDBOX_KEEP_SECONDS", "0", 0.0),
    (
        "EGRESS_ALLOW",
        "Example.com:8443 , *.corp",
        (EgressEntry(name="example.com", ports=frozenset({8443})), EgressEntry(name="*.corp")),
    ),
    ("DRAIN_SECONDS", "0.25", 0.25),
]

BAD = [
    ("ENABLE_PROMETHEUS", "maybe", "must be true or false"),
    ("PROMETHEUS_HOST", "http://localhost", "must be a host name or an address"),
    ("PROMETHEUS_PORT", "65536", "must be a whole number from 0 to 65535"),
    ("PROMETHEUS_LEAN", "perhaps", "must be true or false"),
    ("PROMETHEUS_NATIVE_HISTOGRAMS", "perhaps", "must be true or false"),
    ("PROMETHEUS_OPEN_PROBES", "perhaps", "must be true or false"),
    ("PROMETHEUS_ACCESS_LOG", "perhaps", "must be true or false"),
    ("HEALTHY_STALL_SECONDS", "0", "must be a number of seconds from 1"),
    ("ENABLE_OTEL_METRICS", "maybe", "must be true or false"),
    ("OTEL_METRIC_EXPORT_INTERVAL", "0", "must be a whole number from"),
    ("GRPC_HOST", "local host", "must be a host name or an address"),
    ("GRPC_HOST", "localhost:50051", "must be a host name or an address"),
    ("OPENAI_BASE_URL", "http://localhost:99999/v1", "is no base URL: its port or its host in brackets cannot be one"),
    ("OPENAI_BASE_URL", "http://[::1/v1", "is no base URL: its port or its host in brackets cannot be one"),
    ("OPENAI_BASE_URL", "http://a..b/v1", "is no base URL: it is no http or https URL with a host"),
    ("GRPC_HOST", "a..b", "must be a host name or an address"),
    ("PROMETHEUS_HOST", "a" * 64, "must be a host name or an address"),
    ("GRPC_HOST", "a." * 127, "must be a host name or an address"),
    ("LOG_LEVEL", "x" * 100_001, "must have at most 100000 characters, not 100001"),
    ("MODEL_PRICES_FILE", "x" * 10_000, "must name a file that exists"),
    ("GRPC_PORT", "-1", "must be a whole number from 0 to 65535"),
    ("GRPC_PORT", "5.5", "must be a whole number from 0 to 65535"),
    ("GRPC_MAX_MESSAGE_BYTES", "1", "must be a whole number from 1024"),
    ("GRPC_MAX_MESSAGE_BYTES", str(8 * 2**20 + 1), "must be a whole number from 1024 to 8388608"),
    ("TASK_MAX_TASKS", "0", "must be a whole number from 1 to 10000"),
    ("TASK_QUEUE_SIZE", "many", "must be a whole number from 0"),
    ("TASK_RETENTION", "-5", "must be a whole number from 0"),
    ("TASK_STEPS", "9" * 5000, "must be a whole number from 1"),
    ("TASK_TIMEOUT_SECONDS", "nan", "must be a number of seconds from 1"),
    ("TASK_TIMEOUT_SECONDS", "inf", "must be a number of seconds from 1"),
    ("TASK_MAX_TOKENS", "0", "must be a whole number from 1"),
    ("ALLOW_UNBUDGETED_MODELS", "perhaps", "must be true or false"),
    ("DAILY_MAX_COST", "5 dollars", "must list amounts of money above 0 with their currency, such as 5 USD, 30 CNY"),
    ("DAILY_MAX_COST", "0 USD", "must list amounts of money above 0"),
    ("DAILY_MAX_COST", "1 000 USD", "must list amounts of money above 0"),
    ("DAILY_MAX_COST", "-1", "must list amounts of money above 0"),
    ("DAILY_MAX_COST", "NaN", "must list amounts of money above 0"),
    ("DAILY_MAX_COST", "USD 5 EUR", "must list amounts of money above 0"),
    ("DAILY_MAX_COST", "5 USD, 6", "must name each currency once; USD is there twice"),
    ("TASK_MAX_COST", "free", "must be an amount of money above 0"),
    ("TASK_MAX_COST", "0", "must be an amount of money above 0"),
    ("TASK_MAX_COST", "NaN", "must be an amount of money above 0"),
    ("RECORD_SCREENSHOTS", "some", "must be one of: none, failed, all"),
    ("RECORD_SCREENSHOTS_BYTES", "1000", "must be a whole number from 1048576"),
    ("TASK_STORAGE_BACKEND", "floppy", "must be one of: sqlite, memory"),
    ("TASK_RESUME", "again", "must be one of: fail, requeue"),
    ("TASK_STORAGE_DAYS", "0", "must be a whole number from 1 to 36500"),
    ("TASK_STORAGE_BYTES", "1000", "must be a whole number from 1048576"),
    ("STREAM_LOG_MESSAGES", "1", "must be a whole number from 4"),
    ("LOG_FORMAT", "xml", "must be one of: text, json"),
    ("CONFIRM_ACTIONS", "yes", "must be one of: refuse, allow"),
    ("LOG_LEVEL", "loud", "must be one of: DEBUG, INFO, WARNING, ERROR, CRITICAL"),
    ("ALLOW_SET_GLOBAL_CONFIG", "2", "must be true or false"),
    ("DEFAULT_BACKEND", "vnc", "must be one of: simulated"),
    ("DEFAULT_MODEL", "gpt-4o", "must be builtin/rules or PROVIDER/NAME, with PROVIDER one of: openai, "),
    ("DEFAULT_MODEL", "openai/", "must be builtin/rules or PROVIDER/NAME"),
    ("DEFAULT_MODEL", "aws_bedrock/claude", "cannot be of aws_bedrock: requests to Amazon Bedrock are signed"),
    ("OPENAI_BASE_URL", "api.openai.com", "is no base URL: it is no http or https URL with a host"),
    ("OPENAI_BASE_URL", "https://h/v1?x=1", "is no base URL: write https://h/v1; it holds a query or a fragment"),
    ("OPENAI_BASE_URL", "https://h/v1#", "is no base URL: write https://h/v1; it holds a query or a fragment"),
    ("OPENAI_BASE_URL", "https://h:66000/v1", "is no base URL: its port or its host in brackets cannot be one"),
    ("OPENAI_BASE_URL", "https://h:0/v1", "is no base URL: its port or its host in brackets cannot be one"),
    ("OPENAI_BASE_URL", "https://h/v1/chat/completions/", "is no base URL: write https://h/v1; it ends in /chat/"),
    (
        "AZURE_OPENAI_ENDPOINT",
        "https://n.openai.azure.com/openai/deployments/d/chat/completions?api-version=2024-10-21",
        "is no base URL: write https://n.openai.azure.com with OPENAI_API_VERSION=2024-10-21, and name the model azure",
    ),
    ("OPENAI_BASE_URL", "https://h/v1/responses", "is no base URL: write https://h/v1; it ends in /responses"),
    ("OPENAI_API_VERSION", "?", "must be a version such as 2024-10-21"),
    *((variable, "h/v1", "is no base URL") for row in PROVIDERS for variable in row.address_variables),
    ("MODELS_FILE", "/nowhere/models.yaml", "must name a file that exists"),
    ("MODEL_TIMEOUT_SECONDS", "0", "must be a number of seconds from 0.1"),
    ("ALLOW_INSECURE", "perhaps", "must be true or false"),
    ("ACCESS_TOKENS_FILE", "/no/such/file", "must name a file that exists"),
    ("GRPC_TLS_CERT", "/no/such/file", "must name a file that exists"),
    ("GRPC_TLS_KEY", "/no/such/file", "must name a file that exists"),
    ("GRPC_TLS_CLIENT_CA", "/no/such/file", "must name a file that exists"),
    ("MODEL_ENDPOINT_ALLOW", "10.0.0.0/33", "must list hosts, addresses and networks"),
    ("MODEL_ENDPOINT_ALLOW", "llm.internal, http://llm", "must list hosts, addresses and networks"),
    ("MODEL_ENDPOINT_ALLOW", "10.0.0.256", "must list hosts, addresses and networks"),
    ("PROMETHEUS_ALLOWED_HOSTS", "agents.example.com:8000", "must list names such as agents.example.com"),
    ("PROMETHEUS_ALLOWED_HOSTS", "a.*.example", "must list names such as agents.example.com"),
    ("MODEL_MAX_ATTEMPTS", "0", "must be a whole number from 1 to 20"),
    ("MODEL_PRICES_FILE", "/nowhere/prices.json", "must name a file that exists"),
    ("PROMETHEUS_OPEN_PROBES", "maybe", "must be true or false"),
    ("PROMETHEUS_ACCESS_LOG", "maybe", "must be true or false"),
    ("PROMETHEUS_NATIVE_HISTOGRAMS", "maybe", "must be true or false"),
    ("HEALTHY_STALL_SECONDS", "0", "must be a number of seconds from 1"),
    ("ENABLE_OTEL_METRICS", "maybe", "must be true or false"),
    ("OTEL_METRIC_EXPORT_INTERVAL", "often", "must be a whole number from"),
    ("TASK_RETENTION_BYTES", "1", "must be a whole number from 1048576"),
    ("TASK_MAX_STEPS", "0", "must be a whole number from 1 to"),
    ("TASK_MAX_TIMEOUT_SECONDS", "0", "must be a number of seconds from 1"),
    ("GRPC_MAX_CONNECTIONS", "0", "must be a whole number from 1 to"),
    ("GRPC_IDLE_SECONDS", "0", "must be a number of seconds from 1"),
    ("SANDBOX_MEMORY", "1000", "must be a whole number from 67108864 to"),
    ("SANDBOX_WARM", "-1", "must be a whole number from 0 to"),
    ("SANDBOX_DISK", "1000", "must be a whole number from 1048576 to"),
    ("SANDBOX_PROCESSES", "1", "must be a whole number from 16 to"),
    ("SANDBOX_SCREEN", "1280", "must be WIDTHxHEIGHT in pixels"),
    ("SANDBOX_SCREEN", "319x240", "must be WIDTHxHEIGHT in pixels"),
    ("SANDBOX_SCREEN", "7680x4321", "must be WIDTHxHEIGHT in pixels"),
    ("X11_APPS", "xterm -e sh", "must list names of programs"),
    ("X11_APPS", "/bin/sh", "must list names of programs"),
    ("X11_UNJAILED", "maybe", "must be true or false"),
    ("CHROMIUM_UNJAILED", "maybe", "must be true or false"),
    ("GRPC_MAX_CALLS", "0", "must be a whole number from 1 to"),
    ("LYBIC_ORG_ID", "../others", "must have 1 to 128 letters"),
    ("LYBIC_SHAPE", "two words", "must have 1 to 128 letters"),
    ("LYBIC_API_ENDPOINT", "api.lybic.cn", "is no base URL"),
    ("LYBIC_ENDPOINT_URL", "ftp://api.lybic.cn", "is no base URL"),
    ("LYBIC_ENDPOINT_ALLOW", "10.0.0.0/33", "must list hosts, addresses and networks"),
    ("LYBIC_MAX_LIFE_SECONDS", "100000", "must be a whole number from 60 to 86400"),
    ("LYBIC_TIMEOUT_SECONDS", "0", "must be a number of seconds from 0.1"),
    ("SANDBOX_KEEP", "-1", "must be a whole number from 0"),
    ("SANDBOX_KEEP_SECONDS", "soon", "must be a number of seconds from 0"),
    ("EGRESS_ALLOW", "public, http://a.example", "must list hosts, *.domain, addresses, networks or public, each with"),
    ("EGRESS_ALLOW", "*", "must list hosts, *.domain, addresses, networks or public, each with or without :PORT"),
    ("DRAIN_SECONDS", "-1", "must be a number of seconds from 0"),
    ("ACCESS_TOKENS_FILE", "/nowhere/tokens", "must name a file that exists"),
    ("AUDIT_LOG_BYTES", "1", "must be a whole number from 65536 to"),
    ("OWNER_MAX_RUNNING", "0", "must be a whole number from 1 to"),
    ("OWNER_MAX_QUEUED", "-1", "must be a whole number from 0 to"),
    ("OWNER_REQUESTS_PER_MINUTE", "0", "must be a whole number from 1 to"),
    ("OWNER_DAILY_MAX_COST", "5 dollars", "must list amounts of money above 0 with their currency"),
    ("OWNER_MAX_CONNECTIONS", "0", "must be a whole number from 1 to"),
    ("OWNER_MAX_STREAMS", "-1", "must be a whole number from 0 to"),
    ("OWNER_MAX_SUBSCRIBERS", "-1", "must be a whole number from 0 to"),
    ("OWNER_MAX_BYTES", "0", "must be a whole number from 1 to"),
]


def mistakes(environment, dotenv=None):
    with pytest.raises(ConfigError) as caught:
        load(environment, dotenv)
    assert str(caught.value) == "\n".join(caught.value.mistakes)
    return caught.value.mistakes


def value_of(config, variable):
    setting = next(setting for setting in settings() if setting.variable == variable)
    return getattr(getattr(config, setting.section), setting.name)


@pytest.mark.parametrize("name", DEFAULTS)
def test_an_empty_environment_gives_the_documented_defaults(name):
    assert attrgetter(name)(load({})) == DEFAULTS[name]
    assert load(dict.fromkeys((setting.variable for setting in settings()), " ")) == load({})


@pytest.mark.parametrize(("variable", "text", "value"), GOOD)
def test_a_variable_is_read(variable, text, value):
    assert value_of(load({variable: text}), variable) == value


@pytest.mark.parametrize(("variable", "text", "problem"), BAD)
def test_a_mistake_names_the_variable_and_what_would_be_right(variable, text, problem):
    (line,) = mistakes({variable: text})
    assert line.startswith(f"{variable} {problem}")
    assert f"(it is {text!r}"[:40] in line
    assert len(line) < 300


def test_every_variable_is_tried_with_a_mistake_but_those_that_take_any_text():
    tried = {variable for variable, _, _ in BAD}
    anything = {"AUDIT_LOG", "RUNTIME_DIR", "OTEL_SDK_DISABLED"}
    elsewhere = {*KEYS, "PROMETHEUS_DISABLE", "PROMETHEUS_WEB_CONFIG", "POSTGRES_CONNECTION_STRING"}
    of_service = {setting.variable for setting in settings() if setting.section != CLIENT}
    assert of_service - elsewhere == tried | anything


@pytest.mark.parametrize("text", ["true", "1", "yes", "on", "TRUE", "Yes", "oN", "enabled"])
def test_these_are_true_in_any_case(text):
    assert load({"ENABLE_PROMETHEUS": text}).monitoring.enable_prometheus is True


def test_all_mistakes_are_told_at_once():
    environment = {"GRPC_PORT": "x", "LOG_LEVEL": "loud", "TASK_MAX_TASKS": "0", "TASK_STEPS": "5"}
    assert [line.partition(" ")[0] for line in mistakes(environment)] == ["GRPC_PORT", "TASK_MAX_TASKS", "LOG_LEVEL"]


def test_two_servers_cannot_have_one_port():
    environment = {"GRPC_PORT": "9000", "PROMETHEUS_PORT": "9000"}
    assert mistakes({**environment, "ENABLE_PROMETHEUS": "on"}) == (
        "PROMETHEUS_PORT and GRPC_PORT are both 9000; give each its own",
    )
    assert load(environment).rpc.port == 9000
    assert load({"GRPC_PORT": "0", "PROMETHEUS_PORT": "0", "ENABLE_PROMETHEUS": "on"}).monitoring.port == 0


def test_a_default_is_no_larger_than_the_maximum():
    (steps,) = mistakes({"TASK_MAX_STEPS": "10"})
    assert steps == "TASK_STEPS is 50, and TASK_MAX_STEPS is 10; raise the one or lower the other"
    (seconds,) = mistakes({"TASK_MAX_TIMEOUT_SECONDS": "60"})
    assert seconds.startswith("TASK_TIMEOUT_SECONDS is 3600, and TASK_MAX_TIMEOUT_SECONDS is 60; ")


def test_the_dotenv_file_fills_what_the_environment_leaves_out(tmp_path):
    dotenv = tmp_path / ".env"
    dotenv.write_text("# ours\nGRPC_PORT=7001\nexport LOG_LEVEL='warning'\nTASK_STEPS\nUNRELATED=1\n", encoding="utf-8")
    config = load({"GRPC_PORT": "7002"}, dotenv)
    assert (config.rpc.port, config.process.log_level, config.tasks.steps) == (7002, "WARNING", 50)


def test_a_dotenv_file_that_is_too_large_is_not_read(tmp_path):
    dotenv = tmp_path / ".env"
    dotenv.write_text("#" * (LARGEST_BYTES + 1), encoding="utf-8")
    assert mistakes({}, dotenv) == (f"{dotenv} has {LARGEST_BYTES + 1} bytes; {LARGEST_BYTES} are the most",)


def test_a_reference_in_the_dotenv_file_is_the_environment_s_variable_else_that_of_an_earlier_line(tmp_path):
    file = tmp_path / ".env"
    file.write_text('KEY=sk-file\nOPENAI_API_KEY=${KEY}\nRUNTIME_DIR="${BASE:-/var}/${NAME:-agents}"\n')
    config = load({"NAME": "ours"}, file)
    assert (config.models.openai_api_key, config.process.runtime_dir) == (Secret("sk-file"), Path("/var/ours"))
    assert load({"KEY": "sk-env"}, file).models.openai_api_key == Secret("sk-env")


def test_a_reference_to_nothing_is_a_mistake_that_says_what_to_write(tmp_path):
    file = tmp_path / ".env"
    file.write_text("OPENAI_API_KEY=sk-${MISSING}-x\nOTHER=${MISSING}\n")
    (line,) = mistakes({}, file)
    assert line == (
        "OPENAI_API_KEY refers to ${MISSING}, which is not set; set it, write ${MISSING:-} for nothing, "
        "or put the text in single quotes to keep it as it is"
    )
    assert load({"OPENAI_API_KEY": "sk-env"}, file).models.openai_api_key == Secret("sk-env")
    file.write_text("OPENAI_API_KEY=sk-${MISSING}-x\nOPENAI_API_KEY=sk-again\n")
    assert load({}, file).models.openai_api_key == Secret("sk-again")


def test_a_dollar_in_single_quotes_stands_for_itself(tmp_path):
    file = tmp_path / ".env"
    file.write_text("OPENAI_API_KEY='sk-${HOME}-x'\nRUNTIME_DIR=$HOME\n")
    config = load({"HOME": "/root"}, file)
    assert (config.models.openai_api_key, config.process.runtime_dir) == (Secret("sk-${HOME}-x"), Path("$HOME"))


def test_a_mistake_in_the_dotenv_file_is_told_too(tmp_path):
    dotenv = tmp_path / ".env"
    dotenv.write_text("GRPC_PORT=nine\n", encoding="utf-8")
    assert mistakes({}, dotenv)[0].startswith("GRPC_PORT must be a whole number")


@pytest.mark.parametrize("path", [None, "missing", "."])
def test_no_dotenv_file_is_as_good_as_an_empty_one(tmp_path, path):
    assert load({}, None if path is None else tmp_path / path) == load({})


def test_a_dotenv_file_that_is_no_text_is_one_clear_line(tmp_path):
    dotenv = tmp_path / ".env"
    dotenv.write_bytes(b"GRPC_PORT=7001\n\xff\xfe")
    assert mistakes({}, dotenv) == (f"{dotenv} cannot be read: it is not UTF-8",)


def test_a_price_file_that_exists_is_taken(tmp_path):
    prices = tmp_path / "prices.json"
    prices.write_text("{}", encoding="utf-8")
    assert load({"MODEL_PRICES_FILE": str(prices)}).models.prices_file == prices


def test_secrets_are_never_shown(tmp_path):
    dotenv = tmp_path / ".env"
    dotenv.write_text("OPENAI_API_KEY=sk-from-the-file\n", encoding="utf-8")
    config = load({}, dotenv)
    assert config.models.openai_api_key.reveal() == "sk-from-the-file"
    key = config.models.openai_api_key
    shown = f"{config!r} {config} {key} {key!r:>30} {attrs.asdict(config)}"
    assert "sk-from-the-file" not in shown
    assert "Secret(********)" in shown
    wrong = {"OPENAI_API_KEY": "sk-in-the-environment", "GRPC_PORT": "x"}
    assert "sk-in-the-environment" not in str(mistakes(wrong))


@pytest.mark.parametrize("variable", KEYS)
@pytest.mark.parametrize("key", ["schl\N{LATIN SMALL LETTER U WITH DIAERESIS}ssel", "two words", "x" * 4001])
def test_a_key_that_no_header_carries_is_named_by_its_variable_and_not_shown(variable, key):
    assert mistakes({variable: key}) == (f"{variable} must be 1 to 4000 visible ASCII characters",)


@pytest.mark.parametrize("row", PROVIDERS, ids=str)
def test_the_first_variable_of_a_provider_that_is_set_counts(row):
    for place, variable in enumerate(row.address_variables):
        addresses = {name: f"http://{name.lower()}/v1" for name in row.address_variables[place:]}
        assert load(addresses).models.provider(row).address == f"http://{variable.lower()}/v1"
    for place, variable in enumerate(row.key_variables):
        keys = {name: f"sk-{name}" for name in row.key_variables[place:]}
        assert load(keys).models.provider(row).api_key == Secret(f"sk-{variable}")
    assert attrs.astuple(load({}).models.provider(row)) == (None, None, None)


def test_a_password_in_an_address_is_never_shown():
    (line,) = mistakes({"OPENAI_BASE_URL": "https://me:hunter2@example.com/v1"})
    assert "it holds a user name or a password" in line
    assert "hunter2" not in line


def test_secrets_are_equal_by_their_value():
    assert Secret("a") == Secret("a")
    assert hash(Secret("a")) == hash(Secret("a"))
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"


def test_the_configuration_cannot_be_changed():
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        load({}).rpc.port = 1


def test_every_setting_has_a_variable_a_default_that_parses_and_a_help_text():
    for setting in settings():
        assert setting.help.endswith(".")
        if setting.default is not None:
            setting.parse(setting.default)
    variables = [setting.variable for setting in settings()]
    assert len(variables) == len(set(variables))
    assert {setting.section for setting in settings()} == {field.name for field in attrs.fields(Config)} | {CLIENT}


variables = st.sampled_from([setting.variable for setting in settings()])


@given(st.dictionaries(variables, st.text() | st.from_regex(r"-?[0-9.e]+", fullmatch=True), max_size=5))
def test_any_environment_is_a_configuration_or_a_list_of_mistakes(environment):
    try:
        config = load(environment)
    except ConfigError as error:
        told = error.mistakes
    else:
        assert isinstance(config, Config)
        return
    assert told
    assert all("\n" not in line and line.split(" ")[0] in environment for line in told)
