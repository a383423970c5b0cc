"""The errors that the collectors raise on purpose; all of them are GuiAgentsErrors.

CollectorsError
├── AlreadyRegisteredError           a registry that has these metrics already
├── AskedTooMuchError                a query with too many fields
├── ListenError                      the endpoint cannot listen where it should; an OSError, too
├── NotMetricsError                  a text that is no page of metrics
├── ReadingError                     a row that read what must not be exposed
└── SectionError                     why a section could not be read
"""

from collections.abc import Collection
from typing import Final, Self

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


MAX_SAID: Final = 500
"""Characters of an error's text that are kept; an embedder's error may say anything."""


class SectionError(CollectorsError):
    """Why a section could not be read: the kind and text of an error, whose own code is not called any more."""

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(f"{kind}: {text}")
        self.kind = kind
        """The name of the error's class."""

    @classmethod
    def of(cls, error: BaseException) -> Self:
        """Return what an error says, with its traceback; its text may fail, too."""
        kind = type(error).__name__
        try:
            text = str(error)[:MAX_SAID]
            text.encode()
        except BaseException as worse:  # noqa: BLE001 - whatever an embedder's error does
            text = f"(its text cannot be told: {type(worse).__name__})"
        return cls(kind, text).with_traceback(error.__traceback__)
