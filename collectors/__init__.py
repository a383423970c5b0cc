"""Prometheus: the custom collector over the service's snapshots, and the endpoint that serves it.

Importing this package needs the `prometheus` extra: `pip install "gui-agents[prometheus]"`.
"""

from collectors.collector import ServiceCollector, register
from collectors.errors import AlreadyRegisteredError, CollectorsError, ListenError
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
