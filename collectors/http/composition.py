"""Everything behind one call: the sections, the page, the site and the endpoint."""

from collections.abc import Callable, Collection

from collectors import catalogue
from collectors.exposition import Exposition
from collectors.http.endpoint import Limits, MetricsEndpoint
from collectors.http.site import Site
from collectors.http.static import packaged_files
from gui_agents.snapshot import SnapshotSource


def metrics_endpoint(
    source: SnapshotSource,
    *,
    host: str,
    port: int,
    ready: Callable[[], bool],
    disabled: Collection[str] = (),
    limits: Limits | None = None,
) -> MetricsEndpoint:
    """Return the endpoint of the metrics and the status page of `source`; it listens from `start` to `stop`.

    Args:
        source: tells how the service stands; asked from the endpoint's thread.
        host: address to listen on.
        port: to listen on; 0 takes a free one.
        ready: whether the service takes tasks; asked from the endpoint's thread.
        disabled: optional families that are neither read nor shown.
        limits: what clients may cost.

    Raises:
        ConfigError: `disabled` names what is no optional family.
    """
    exposition = Exposition(catalogue.sections(disabled))
    site = Site(source, exposition, ready=ready, static=packaged_files())
    return MetricsEndpoint(site.answer, host=host, port=port, limits=limits)
