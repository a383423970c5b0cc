"""The configuration of Prometheus and Alertmanager, filled into templates that keep their comments."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import attrs

from collectors.operations.model import Setting

TEMPLATES: Final = Path(__file__).with_name("templates")
TARGET: Final = re.compile(r"(\[[0-9a-fA-F:]+\]|[A-Za-z0-9._-]+):[0-9]{1,5}")
LONGEST_INTERVAL: Final = "30s"
LONGEST_TIMEOUT: Final = "10s"
INTERVAL: Final = re.compile(r"[1-9][0-9]*(ms|s|m)")


def _all_targets(_instance: object, attribute: "attrs.Attribute[tuple[str, ...]]", value: tuple[str, ...]) -> None:
    for target in value:
        if not TARGET.fullmatch(target):
            raise ValueError(f"{attribute.name}: {target!r} must be HOST:PORT, such as 127.0.0.1:8000")
    if not value:
        raise ValueError(f"{attribute.name}: at least one is needed")


def _address(_instance: object, attribute: "attrs.Attribute[str]", value: str) -> None:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.netloc or re.search(r"[\s#'\"]", value):
        raise ValueError(f"{attribute.name}: {value!r} must be an http or https address")


def _milliseconds(interval: str) -> int:
    unit = interval.lstrip("0123456789")
    return int(interval.removesuffix(unit)) * {"ms": 1, "s": 1000, "m": 60_000}[unit]


def _interval(_instance: object, attribute: "attrs.Attribute[str]", value: str) -> None:
    if not INTERVAL.fullmatch(value):
        raise ValueError(f"{attribute.name}: {value!r} must be a duration such as 15s")
    if _milliseconds(value) > _milliseconds(LONGEST_INTERVAL):
        raise ValueError(
            f"{attribute.name}: {value} is more than {LONGEST_INTERVAL}; the shortest window of a rule is 1m, and "
            "needs two samples"
        )


@attrs.frozen(kw_only=True)
class Site:
    """Where the parts of an installation are; the defaults are those of the compose file."""

    setting: Setting = attrs.field(factory=Setting)
    targets: tuple[str, ...] = attrs.field(default=("gui-agents:8000",), validator=_all_targets)
    alertmanagers: tuple[str, ...] = attrs.field(default=("alertmanager:9093",), validator=_all_targets)
    webhook: str = attrs.field(default="http://alert-receiver.example:9095", validator=_address)
    interval: str = attrs.field(default="15s", validator=_interval)
    """Between two scrapes, and two evaluations of the rules."""

    @property
    def timeout(self) -> str:
        """How long a scrape may take, which cannot be longer than the interval."""
        return min(self.interval, LONGEST_TIMEOUT, key=_milliseconds)


def prometheus(site: Site) -> str:
    """Return prometheus.yml."""
    return _filled(
        "prometheus.yml",
        {
            "job": site.setting.job,
            "interval": site.interval,
            "timeout": site.timeout,
            "targets": json.dumps(site.targets),
            "alertmanagers": json.dumps(site.alertmanagers),
        },
    )


def alertmanager(site: Site) -> str:
    """Return alertmanager.yml."""
    return _filled("alertmanager.yml", {"webhook": site.webhook.rstrip("/")})


def _filled(name: str, values: Mapping[str, str]) -> str:
    text = (TEMPLATES / name).read_text("utf-8")
    for key, value in values.items():
        text = text.replace(f"@{{{key}}}", value)
    return text
