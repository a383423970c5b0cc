"""The configuration of Prometheus and Alertmanager, filled into templates that keep their comments."""

import ipaddress
import json
import re
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import attrs

from collectors.operations import yaml_text
from collectors.operations.model import Setting

TEMPLATES: Final = Path(__file__).with_name("templates")
OTHER_JOBS: Final = frozenset({"prometheus", "alertmanager"})
"""Which the template scrapes beside the service."""
TARGET: Final = re.compile(r"(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+):([0-9]{1,5})")
ADDRESS: Final = re.compile(r"[!$%&()*+,\-./0-9:;=?@A-Z\[\]_a-z~#]+")
"""What an address consists of that neither YAML nor the templates of Prometheus read as something else."""
HIGHEST_PORT: Final = 65535
PLACES: Final = ("cluster", "datacenter", "environment", "monitor", "region", "stage")
"""The customary names of external labels: alerts that differ in one of them have nothing to do with each other."""
TARGET_PLACES: Final = ("namespace", "pod")
"""Labels that tell targets of one `instance` apart."""
LABEL: Final = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
LONGEST_INTERVAL: Final = "30s"
LONGEST_TIMEOUT: Final = "10s"
INTERVAL: Final = re.compile(r"[1-9][0-9]{0,8}(ms|s|m)")


class SiteError(ValueError):
    """`field` of a site is wrong; `problem` says why."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field
        self.problem = problem


def _target(_instance: object, attribute: "attrs.Attribute[str]", value: str) -> None:
    match = TARGET.fullmatch(value)
    if match is None or not 0 < int(match[2]) <= HIGHEST_PORT or not _is_host(match[1]):
        raise SiteError(attribute.name, f"{value!r} must be HOST:PORT, such as 127.0.0.1:8000")


def _is_host(host: str) -> bool:
    if not host.startswith("["):
        return True
    try:
        ipaddress.IPv6Address(host[1:-1])
    except ValueError:
        return False
    return True


def _all_targets(instance: object, attribute: "attrs.Attribute[tuple[str, ...]]", value: tuple[str, ...]) -> None:
    for target in value:
        _target(instance, attribute, target)  # type: ignore[arg-type]  # it reads the name alone
    if not value:
        raise SiteError(attribute.name, "at least one is needed")


def _address(field: str, value: str) -> None:
    try:
        parts = urlsplit(value)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or not ADDRESS.fullmatch(value):
        raise SiteError(field, f"{value!r} must be an http or https address")
    if "?" in value or "#" in value:
        raise SiteError(field, f"{value!r} must hold no query and no fragment: a path is appended to it")


def _webhook(_instance: object, attribute: "attrs.Attribute[str]", value: str) -> None:
    _address(attribute.name, value)


def _setting(_instance: object, _attribute: "attrs.Attribute[Setting]", value: Setting) -> None:
    if value.job in OTHER_JOBS:
        raise SiteError("job", f"{value.job!r} is another job of the configuration; take another name")
    if value.runbooks is not None:
        _address("runbooks", value.runbooks)


def _milliseconds(interval: str) -> int:
    unit = interval.lstrip("0123456789")
    return int(interval.removesuffix(unit)) * {"ms": 1, "s": 1000, "m": 60_000}[unit]


def _interval(_instance: object, attribute: "attrs.Attribute[str]", value: str) -> None:
    if not INTERVAL.fullmatch(value):
        raise SiteError(attribute.name, f"{value!r} must be a duration such as 15s")
    if _milliseconds(value) > _milliseconds(LONGEST_INTERVAL):
        raise SiteError(
            attribute.name,
            f"{value} is more than {LONGEST_INTERVAL}; the shortest window of a rule is 2m, and needs two samples even "
            "if every second scrape fails",
        )


def _labels(_instance: object, _attribute: "attrs.Attribute[Mapping[str, str]]", value: Mapping[str, str]) -> None:
    for name, text in value.items():
        if not LABEL.fullmatch(name) or name.startswith("__") or name in {"job", "instance", "alertname", "severity"}:
            raise SiteError("external_labels", f"{name!r} cannot be the name of an external label")
        if not text or not text.isprintable():
            raise SiteError("external_labels", f"{text!r} of {name} must be a text of one line")


def _line(_instance: object, attribute: "attrs.Attribute[str | None]", value: str | None) -> None:
    if value is not None and (not value or not value.isprintable()):
        raise SiteError(attribute.name, f"{value!r} must be a text of one line")


def _scheme(_instance: object, attribute: "attrs.Attribute[str]", value: str) -> None:
    if value not in {"http", "https"}:
        raise SiteError(attribute.name, f"{value!r} must be http or https")


@attrs.frozen(kw_only=True)
class Access:
    """How Prometheus gets at the service's metrics, as the service's web configuration asks for it.

    Files are named as Prometheus finds them: relative to the directory of its configuration.
    """

    scheme: str = attrs.field(default="http", validator=_scheme)
    ca_file: str | None = attrs.field(default=None, validator=_line)
    """Whom to trust, instead of what the system trusts."""
    server_name: str | None = attrs.field(default=None, validator=_line)
    """The name in the service's certificate, where targets have another one."""
    username: str | None = attrs.field(default=None, validator=_line)
    password_file: str | None = attrs.field(default=None, validator=_line)
    text: bool = False
    """Ask for text, so that a Prometheus with native histograms keeps the classic ones that the rules read."""

    def __attrs_post_init__(self) -> None:
        if (self.username is None) != (self.password_file is None):
            raise SiteError("username", "it and a password file need each other")
        for field in ("ca_file", "server_name"):
            if self.scheme != "https" and getattr(self, field) is not None:
                raise SiteError(field, "is for the scheme https alone")

    @property
    def files(self) -> tuple[str, ...]:
        """The files that Prometheus must find."""
        return tuple(file for file in (self.ca_file, self.password_file) if file is not None)


@attrs.frozen(kw_only=True)
class Site:
    """Where the parts of an installation are; the defaults are those of the compose file."""

    setting: Setting = attrs.field(factory=Setting, validator=_setting)
    targets: tuple[str, ...] = attrs.field(default=("gui-agents:8000",), validator=_all_targets)
    access: Access = attrs.field(factory=Access)
    sample_limit: int = 2000
    prometheus: str = attrs.field(default="localhost:9090", validator=_target)
    """Where Prometheus scrapes itself."""
    alertmanagers: tuple[str, ...] = attrs.field(default=("alertmanager:9093",), validator=_all_targets)
    webhook: str = attrs.field(default="http://alert-receiver.example:9095", validator=_webhook)
    external_labels: Mapping[str, str] = attrs.field(factory=lambda: {"monitor": "gui-agents"}, validator=_labels)
    """What tells this Prometheus from others that send to the same Alertmanager."""
    interval: str = attrs.field(default="15s", validator=_interval)
    """Between two scrapes, and two evaluations of the rules."""

    def __attrs_post_init__(self) -> None:
        limits = self.setting.thresholds
        if self.setting.scaled(limits.scrape_seconds) * 1000 >= _milliseconds(self.timeout):
            raise SiteError(
                "interval",
                f"at {self.interval} a scrape times out after {self.timeout}, so that ScrapeSlow could never fire at "
                f"scrape_seconds={limits.scrape_seconds:g}; take a longer interval or a lower threshold scrape_seconds",
            )
        most = self.setting.hold("15m") * 1000 // _milliseconds(self.interval) - 1
        if limits.restarts >= most:
            raise SiteError(
                "interval",
                f"at {self.interval} no more than {most:g} restarts can be seen in {self.setting.window('15m')}, so "
                f"that Restarting could never fire at restarts={limits.restarts:g}; take a shorter interval or a lower "
                "threshold restarts",
            )

    @property
    def timeout(self) -> str:
        """How long a scrape may take, which cannot be longer than the interval."""
        return min(self.interval, LONGEST_TIMEOUT, key=_milliseconds)


def prometheus(site: Site) -> str:
    """Return prometheus.yml."""
    return _filled(
        "prometheus.yml",
        {
            "job": json.dumps(site.setting.job),
            "interval": site.interval,
            "timeout": site.timeout,
            "sample_limit": str(site.sample_limit),
            "access": _access(site.access),
            "targets": json.dumps(site.targets),
            "prometheus": json.dumps([site.prometheus]),
            "alertmanagers": json.dumps(site.alertmanagers),
            "external_labels": _external_labels(site),
        },
    )


def alertmanager(site: Site) -> str:
    """Return alertmanager.yml."""
    apart = sorted({*PLACES, *site.external_labels})
    return _filled(
        "alertmanager.yml",
        {
            "webhook": site.webhook.rstrip("/"),
            "job": f"[{', '.join(('job', *apart))}]",
            "instance": f"[{', '.join(('job', 'instance', *TARGET_PLACES, *apart))}]",
            "group": f"[{', '.join(('alertname', 'job', *apart))}]",
        },
    )


def _external_labels(site: Site) -> str:
    lines = (f"    {name}: {json.dumps(value, ensure_ascii=False)}\n" for name, value in site.external_labels.items())
    return "".join(lines).rstrip("\n")


def _access(access: Access) -> str:
    """Return the lines of the job that say how to get at it; none if nothing is locked."""
    tls = {"ca_file": access.ca_file, "server_name": access.server_name}
    basic_auth = {"username": access.username, "password_file": access.password_file}
    settings: dict[str, object] = {
        "scheme": access.scheme if access.scheme != "http" else None,
        "tls_config": {key: value for key, value in tls.items() if value is not None},
        "basic_auth": {key: value for key, value in basic_auth.items() if value is not None},
        "params": {"format": ["text"]} if access.text else None,
    }
    given = {key: value for key, value in settings.items() if value}
    return textwrap.indent(yaml_text.render(given), "    ") if given else ""


def _filled(name: str, values: Mapping[str, str]) -> str:
    text = (TEMPLATES / name).read_text("utf-8")
    for key, value in values.items():
        text = text.replace(f"@{{{key}}}", value)
    return text
