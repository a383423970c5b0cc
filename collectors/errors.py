"""The errors that the collectors raise on purpose; all of them are GuiAgentsErrors.

CollectorsError
├── AlreadyRegisteredError           a registry that has these metrics already
├── ListenError                      the endpoint cannot listen where it should; an OSError, too
├── NotMetricsError                  a text that is no page of metrics
└── ReadingError                     a row that read what must not be exposed
"""

from collections.abc import Collection

from gui_agents.domain.errors import GuiAgentsError


class CollectorsError(GuiAgentsError):
    """Base of all errors of this package."""


class AlreadyRegisteredError(CollectorsError):
    """The registry has some of the service's metrics already."""

    def __init__(self, names: Collection[str]) -> None:
        super().__init__(
            f"this registry already has {len(names)} of the service's metrics ({min(names)} is one of them); "
            "a service is registered once in a registry: unregister the collector that the first call returned, "
            "or pass a new prometheus_client.CollectorRegistry()"
        )
        self.names = frozenset(names)


class ListenError(CollectorsError, OSError):
    """The endpoint cannot listen at `host` and `port`."""

    def __init__(self, host: str, port: int, reason: str) -> None:
        super().__init__(f"cannot listen on {host} port {port}: {reason}")
        self.host = host
        self.port = port


class NotMetricsError(CollectorsError):
    """A text that should be a page of metrics is none; says why."""


class ReadingError(CollectorsError):
    """`metric` read what must not be exposed, as `problem` says."""

    def __init__(self, metric: str, problem: str) -> None:
        super().__init__(f"{metric} {problem}")
        self.metric = metric
        self.problem = problem
