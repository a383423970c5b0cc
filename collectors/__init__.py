"""Prometheus: the custom collector over the service's snapshots, and the endpoint that serves it.

Everything here but `collectors.operations` needs the `prometheus` extra. What this module exports is loaded when it
is first asked for, so that the rules of `collectors.operations` load neither a server nor prometheus_client.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collectors.errors import AlreadyRegisteredError, CollectorsError, ListenError
    from collectors.exposition.collector import ServiceCollector, register
    from collectors.http.composition import check_settings, metrics_endpoint
    from collectors.http.endpoint import MetricsEndpoint

__all__ = [
    "AlreadyRegisteredError",
    "CollectorsError",
    "ListenError",
    "MetricsEndpoint",
    "ServiceCollector",
    "check_settings",
    "metrics_endpoint",
    "register",
]

_HOMES: Final = {
    "AlreadyRegisteredError": "collectors.errors",
    "CollectorsError": "collectors.errors",
    "ListenError": "collectors.errors",
    "MetricsEndpoint": "collectors.http.endpoint",
    "ServiceCollector": "collectors.exposition.collector",
    "check_settings": "collectors.http.composition",
    "metrics_endpoint": "collectors.http.composition",
    "register": "collectors.exposition.collector",
}


def __getattr__(name: str) -> Any:
    """Load what is exported (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
