"""The exposition formats; a family, and a number, as prometheus_client writes them."""

from collections.abc import Callable, Iterable
from enum import Enum
from typing import Any, Final

import attrs
from prometheus_client import generate_latest, utils
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics


class Format(Enum):
    """The exposition formats, with their content types."""

    TEXT = "text/plain; version=0.0.4; charset=utf-8"
    OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"
    PROTOBUF = "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"

    @property
    def ending(self) -> str:
        """What the last family is followed by."""
        return "# EOF\n" if self is Format.OPENMETRICS else ""


TEXT_FORMATS: Final = (Format.TEXT, Format.OPENMETRICS)
"""Those that any client may ask for."""

any_number: Final[Callable[[float], str]] = utils.floatToGoString
"""Writes a number of any size as both text formats do."""


@attrs.frozen
class _One:
    """A registry of one family, as far as rendering asks."""

    only: Family

    def collect(self) -> Iterable[Family]:
        return (self.only,)


def rendered(family: Family, form: Format) -> str:
    """Return one family as prometheus_client writes it."""
    write: Callable[[Any], bytes] = generate_openmetrics if form is Format.OPENMETRICS else generate_latest
    return write(_One(family)).decode().removesuffix(form.ending)
