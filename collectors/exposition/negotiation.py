"""Content negotiation: which format and which encoding a client asks for (RFC 9110, section 12.5)."""

from collections.abc import Iterable, Iterator
from typing import Final

import attrs

from collectors.exposition.formats import TEXT_FORMATS, Format

_VERSIONS: Final = {
    Format.TEXT: ("text/plain", frozenset({"0.0.4", "1.0.0"})),
    Format.OPENMETRICS: ("application/openmetrics-text", frozenset({"1.0.0"})),
}
"""Media types and versions that a format satisfies; with plain names, text 1.0.0 is text 0.0.4."""

_PROTOBUF: Final = "application/vnd.google.protobuf"
_MESSAGES: Final = {"proto": "io.prometheus.client.MetricFamily", "encoding": "delimited"}
"""Who wants protobuf says so, and which messages; no wildcard means it."""

MAX_CHARACTERS: Final = 2048
"""Of a header that are read: Prometheus sends about 200."""


@attrs.frozen
class _Range:
    """One element of an Accept header."""

    name: str
    quality: float
    parameters: dict[str, str]


def choose_format(accept: str, offered: Iterable[Format] = TEXT_FORMATS) -> Format:
    """Return the format that an Accept header prefers; text if it has no preference, or accepts none of them."""
    ranges = list(_elements(accept))
    best, best_rank = Format.TEXT, (0.0, 0.0)
    for form in offered:
        rank = _protobuf_rank(ranges) if form is Format.PROTOBUF else _rank(form, ranges)
        if rank > best_rank:
            best, best_rank = form, rank
    return best


def _rank(form: Format, ranges: list[_Range]) -> tuple[float, float]:
    """Return the quality of the most specific range for a format, and how early that one stands."""
    name, versions = _VERSIONS[form]
    wildcards = ("*/*", f"{name.partition('/')[0]}/*", name)
    matches = [
        (wildcards.index(wanted.name), "version" in wanted.parameters, wanted.quality, -index)
        for index, wanted in enumerate(ranges)
        if wanted.name in wildcards and wanted.parameters.get("version", "1.0.0") in versions
    ]
    if not matches:
        return (0.0, -float(len(ranges)))
    specific, _, quality, position = max(matches)
    return (quality, float(position) if specific else -float(len(ranges)))


def _protobuf_rank(ranges: list[_Range]) -> tuple[float, float]:
    """Return the same for the one format that has no versions."""
    matches = [
        (wanted.quality, -float(index))
        for index, wanted in enumerate(ranges)
        if wanted.name == _PROTOBUF and wanted.parameters.items() >= _MESSAGES.items()
    ]
    return max(matches, default=(0.0, -float(len(ranges))))


def accepts_gzip(accept_encoding: str) -> bool:
    """Tell whether an Accept-Encoding header asks for gzip, and does not like the plain page better."""
    qualities = {element.name: element.quality for element in _elements(accept_encoding)}
    gzip = qualities.get("gzip", qualities.get("*", 0.0))
    return gzip > 0.0 and gzip >= qualities.get("identity", 0.0)


def _elements(header: str) -> Iterator[_Range]:
    """Yield the elements of a list with parameters; one whose quality is no number is left out."""
    for element in header[:MAX_CHARACTERS].split(","):
        name, *rest = element.split(";")
        if not name.strip():
            continue
        parameters: dict[str, str] = {}
        for parameter in rest:
            key, _, value = parameter.partition("=")
            parameters[key.strip().lower()] = value.strip().strip('"')
        try:
            quality = float(parameters.pop("q", "1"))
        except ValueError:
            continue
        yield _Range(name.strip().lower(), min(1.0, max(0.0, quality)), parameters)
