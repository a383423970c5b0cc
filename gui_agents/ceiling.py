"""How much memory a service may take at most, as its configuration says: what an operator gives a container.

Each term is a number of things that the configuration bounds, times the bytes that one of them takes at most. The
bytes are measured: `make bench ARGS=flood` fills every bound at once, and compares.
"""

from collections.abc import Callable
from typing import Final

import attrs

from gui_agents.config import Config
from gui_agents.rpc.reception import messages_read

KIB: Final = 2**10
MIB: Final = 2**20


@attrs.frozen
class Term:
    """One summand."""

    what: str
    formula: str
    """With the names of variables."""
    value: Callable[[Config], float]
    """In bytes."""


TERMS: Final = (
    Term("The program", "96 MiB", lambda _: 96 * MIB),
    Term("Tasks that wait", "`TASK_QUEUE_SIZE` x 1 MiB", lambda config: config.tasks.queue_size * MIB),
    Term(
        # 24 MiB without pictures. A conversation keeps 8 MiB of them in base64; question and body hold them again.
        "Tasks that run, their sandboxes, and the pictures that their models see again",
        "`TASK_MAX_TASKS` x (56 MiB + `STREAM_LOG_MESSAGES` x 4 KiB)",
        lambda config: config.tasks.slots * (56 * MIB + config.streams.log_messages * 4 * KIB),
    ),
    Term(
        "Kept and warm sandboxes",
        "(`SANDBOX_KEEP` + `SANDBOX_WARM`) x 10 MiB",
        lambda config: (config.kept_sandboxes + config.sandboxes.warm) * 10 * MIB,
    ),
    Term(
        "Ended tasks",
        "`TASK_RETENTION_BYTES` + `TASK_RETENTION` x 8 KiB",
        lambda config: config.tasks.retention_bytes + config.tasks.retention * 8 * KIB,
    ),
    Term("Open calls", "`GRPC_MAX_CALLS` x 40 KiB", lambda config: config.rpc.max_calls * 40 * KIB),
    Term("gRPC connections", "`GRPC_MAX_CONNECTIONS` x 64 KiB", lambda config: config.rpc.max_connections * 64 * KIB),
    Term(
        "Requests that come in",
        "`GRPC_MAX_MESSAGE_BYTES` x 7 x (64 MiB / `GRPC_MAX_MESSAGE_BYTES`, at least 4)",
        lambda config: config.rpc.max_message_bytes * messages_read(config.rpc.max_message_bytes),
    ),
    Term(
        "The metrics port",
        "192 MiB if `ENABLE_PROMETHEUS` is on",
        lambda config: config.monitoring.enable_prometheus * 192 * MIB,
    ),
    Term("Lines of the log that wait", "16 MiB", lambda _: 16 * MIB),
)


def ceiling(config: Config) -> int:
    """Return the most bytes of memory that a service with this configuration may take."""
    return round(sum(term.value(config) for term in TERMS))
