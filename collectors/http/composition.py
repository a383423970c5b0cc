"""Everything behind one call: the sections, the page, the site and the endpoint."""

from collections.abc import Callable, Collection, Iterable
from pathlib import Path

from collectors.exposition.formats import TEXT_FORMATS, Format
from collectors.exposition.lean import without_zeros
from collectors.exposition.page import Exposition
from collectors.http.endpoint import Limits, MetricsEndpoint
from collectors.http.hosts import Hosts
from collectors.http.security import Security
from collectors.http.site import HEALTHY_STALL_SECONDS, Site
from collectors.http.static import packaged_files
from collectors.http.tasks.pages import TaskPages
from collectors.http.tasks.views import TaskSource
from collectors.http.web_config import load
from collectors.metrics import catalogue
from collectors.metrics.definitions import Section
from collectors.operations.reads import words_of_rules
from gui_agents.domain.errors import ConfigError
from gui_agents.snapshot import SnapshotSource


def check_settings(*, disabled: Collection[str] = (), web_config: Path | None = None) -> list[str]:
    """Check what a start would, without one; return a line for each thing that is allowed, but probably not meant.

    Raises:
        ConfigError: with one line for each mistake.
    """
    mistakes: list[str] = []
    doubts: list[str] = []
    try:
        catalogue.sections(disabled)
    except ConfigError as error:
        mistakes.extend(error.mistakes)
    if web_config is not None:
        try:
            doubt = load(web_config).doubt()
        except ConfigError as error:
            mistakes.extend(error.mistakes)
        else:
            doubts.extend([doubt] if doubt else [])
    if mistakes:
        raise ConfigError(mistakes)
    return doubts


def metrics_endpoint(
    source: SnapshotSource,
    *,
    host: str,
    port: int,
    ready: Callable[[], bool],
    more: Iterable[Section] = (),
    disabled: Collection[str] = (),
    lean: bool = False,
    limits: Limits | None = None,
    native_histograms: bool = False,
    healthy_stall_seconds: float = HEALTHY_STALL_SECONDS,
    web_config: Path | None = None,
    open_probes: bool = False,
    allowed_hosts: Collection[str] = (),
    access_log: bool = False,
    tasks: TaskSource | None = None,
) -> MetricsEndpoint:
    """Return the endpoint of the metrics and the status page of `source`; it listens from `start` to `stop`.

    Args:
        source: tells how the service stands; asked from the endpoint's thread.
        host: address to listen on.
        port: to listen on; 0 takes a free one.
        ready: whether the service takes tasks; asked from the endpoint's thread.
        more: sections that are shown after the catalogue's, each of a name of its own.
        disabled: optional families that are neither read nor shown.
        lean: whether series of the catalogue that have been 0 since the start are left out, unless a rule reads them.
        limits: what clients may cost.
        web_config: file in the format of Prometheus's exporter-toolkit, with TLS and passwords; re-read as it changes.
        open_probes: whether the health probes need no password.
        allowed_hosts: names by which it may be asked, besides addresses, private names and those of this machine.
        access_log: whether each answer is logged.
        tasks: where the pages of single tasks come from; without, there are none.
        healthy_stall_seconds: for how long the event loop may be blocked before /-/healthy says no.
        native_histograms: whether protobuf, which alone can carry them, is offered to clients that ask for it.

    Raises:
        ConfigError: `disabled` names what is no optional family, or the web configuration has mistakes.
    """
    formats = (*TEXT_FORMATS, Format.PROTOBUF) if native_histograms else TEXT_FORMATS
    security = None if web_config is None else Security(web_config, open_probes=open_probes)
    sections = catalogue.sections(disabled, security)
    if lean:
        sections = without_zeros(sections, words_of_rules())
    # Whether the labels of further sections have closed sets of values is not known here.
    exposition = Exposition(sections, others=more)
    site = Site(
        source,
        exposition,
        ready=ready,
        static=packaged_files(),
        formats=formats,
        healthy_stall_seconds=healthy_stall_seconds,
        tasks=None if tasks is None else TaskPages(tasks, secure=lambda: _is_secure(security)),
    )
    return MetricsEndpoint(
        site.answer,
        host=host,
        port=port,
        limits=limits,
        security=security,
        hosts=Hosts((host, *allowed_hosts)),
        access_log=access_log,
    )


def _is_secure(security: Security | None) -> bool:
    return security is not None and security.context is not None
