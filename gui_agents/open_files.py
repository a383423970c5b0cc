"""Who may hold how many file descriptors: everything that clients can open is bounded, and bounded in sum.

Each client of gRPC and each scraper holds one. If the hard limit of the process is too low for all that is configured,
gRPC and the metrics endpoint get fewer connections each, so that neither takes the descriptors that the tasks need, or
those of the other.
"""

from collections.abc import Mapping
from typing import Final

import attrs

BASE: Final = 128
"""What the process itself may need: its log, its files, its libraries."""
PER_TASK: Final = 8
"""What a running task may need beside its sandbox: its model's connection, or up to three connections to a cloud."""
PER_SANDBOX: Final[Mapping[str, int]] = {"x11": 16, "chromium": 48}
"""By backend: what one of its sandboxes may need in this process, such as pipes, sockets and mapped files. A browser
also needs two for each connection of its pages, 16 of which are usual. A backend that is not here needs hardly any.
"""
SPARE: Final = 1024 - BASE
"""Asked for on top, as it costs nothing; what nobody has thought of."""
METRICS_SHARE: Final = 3
"""One connection in so many is the metrics endpoint's, if there are not enough for all."""
FEWEST: Final = 8
"""Connections that each of the two gets whatever the limit: with fewer there is no service."""


@attrs.frozen
class OpenFiles:
    """The descriptors of a process."""

    wanted: int
    """All that may be needed."""
    grpc: int
    """Connections of gRPC."""
    metrics: int
    """Connections of the metrics endpoint."""


def shared_out(*, hard: int | None, slots: int, sandboxes: int, grpc: int, metrics: int, overhead: int) -> OpenFiles:
    """Share out the descriptors below the hard limit; None is no limit.

    Args:
        hard: the hard limit.
        slots: tasks that run at once.
        sandboxes: descriptors of all their sandboxes, those included that are kept, stand ready or are closing.
        grpc: connections that clients of gRPC may have, as configured.
        metrics: connections that the metrics endpoint would have; 0 without one.
        overhead: what the endpoint needs besides.
    """
    needed = BASE + PER_TASK * slots + sandboxes + (overhead if metrics else 0)
    wanted = needed + SPARE + grpc + metrics
    if hard is None or hard >= needed + grpc + metrics:
        return OpenFiles(wanted if hard is None else min(wanted, hard), grpc, metrics)
    left = max(0, hard - needed)
    scraped = min(metrics, max(FEWEST, left // METRICS_SHARE)) if metrics else 0
    return OpenFiles(wanted, min(grpc, max(FEWEST, left - scraped)), scraped)
