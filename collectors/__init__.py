"""Prometheus metrics of the service: the collector, the endpoint, and the rows that describe a metric.

docs/embedding.md shows how to use these names. A name's module is loaded when the name is first asked for, so that
the rules of `collectors.operations` load neither a server nor prometheus_client. Everything here except
`collectors.operations` needs the extra: `pip install "gui-agents-service[prometheus]"`. All other modules, but for
`collectors.otel` and `collectors.operations`, may change without notice.
"""

from typing import TYPE_CHECKING, Final

from gui_agents.domain.exports import exports

if TYPE_CHECKING:
    from collectors.errors import AlreadyRegisteredError, CollectorsError, ListenError, ReadingError
    from collectors.exposition.collector import ServiceCollector, register
    from collectors.http.composition import check_settings, metrics_endpoint
    from collectors.http.endpoint import Limits, MetricsEndpoint
    from collectors.http.tasks.views import TaskSource
    from collectors.metrics.definitions import Section, counter, gauge, histogram

__all__ = [
    "AlreadyRegisteredError",
    "CollectorsError",
    "Limits",
    "ListenError",
    "MetricsEndpoint",
    "ReadingError",
    "Section",
    "ServiceCollector",
    "TaskSource",
    "check_settings",
    "counter",
    "gauge",
    "histogram",
    "metrics_endpoint",
    "register",
]

_HOMES: Final = {
    "AlreadyRegisteredError": "collectors.errors.AlreadyRegisteredError",
    "CollectorsError": "collectors.errors.CollectorsError",
    "Limits": "collectors.http.endpoint.Limits",
    "ListenError": "collectors.errors.ListenError",
    "MetricsEndpoint": "collectors.http.endpoint.MetricsEndpoint",
    "ReadingError": "collectors.errors.ReadingError",
    "Section": "collectors.metrics.definitions.Section",
    "ServiceCollector": "collectors.exposition.collector.ServiceCollector",
    "TaskSource": "collectors.http.tasks.views.TaskSource",
    "check_settings": "collectors.http.composition.check_settings",
    "counter": "collectors.metrics.definitions.counter",
    "gauge": "collectors.metrics.definitions.gauge",
    "histogram": "collectors.metrics.definitions.histogram",
    "metrics_endpoint": "collectors.http.composition.metrics_endpoint",
    "register": "collectors.exposition.collector.register",
}

__getattr__ = exports(__name__, _HOMES)
