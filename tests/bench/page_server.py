"""A busy service's metrics, served in a process of its own so that its CPU time is its own.

python -m tests.bench.page_server KIND [burn]: prints its port, and then for each line on stdin the CPU seconds that it
has used, those of the service's life left out. It ends with its stdin. With `burn`, its main thread burns Python until
there is a line on stdin.
"""

import contextlib
import select
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

from prometheus_client import CollectorRegistry, start_http_server

from collectors import metrics_endpoint, register
from gui_agents.process import shorten_pauses
from tests.bench.busy import BusyState, busy_state

HISTORY = 5_000
"""Tasks that have ended before."""


@contextlib.contextmanager
def ours(source: BusyState) -> Iterator[int]:
    with metrics_endpoint(source, host="127.0.0.1", port=0, ready=lambda: True) as endpoint:
        yield endpoint.port


@contextlib.contextmanager
def ours_with_zlib(source: BusyState) -> Iterator[int]:
    # What importing `isal` finds then is what it finds where it is not installed.
    sys.modules["isal"] = None  # type: ignore[assignment]
    with ours(source) as port:
        yield port


@contextlib.contextmanager
def ours_with_native_histograms(source: BusyState) -> Iterator[int]:
    with metrics_endpoint(source, host="127.0.0.1", port=0, ready=lambda: True, native_histograms=True) as endpoint:
        yield endpoint.port


@contextlib.contextmanager
def reference(source: BusyState) -> Iterator[int]:
    registry = CollectorRegistry()
    register(source, registry)
    server, thread = start_http_server(0, "127.0.0.1", registry)
    yield server.server_port
    server.shutdown()
    server.server_close()
    thread.join()


NATIVE = "ours-native"
KINDS: dict[str, Callable[[BusyState], AbstractContextManager[int]]] = {
    "ours": ours,
    "ours-zlib": ours_with_zlib,
    NATIVE: ours_with_native_histograms,
    "reference": reference,
}


def burn() -> None:
    """Keep the interpreter, and look every few milliseconds whether there is a line on stdin."""
    while not select.select([sys.stdin], [], [], 0)[0]:
        burned = 0
        for number in range(200_000):
            burned += number * number


def main(kind: str, *burning: str) -> None:
    source = busy_state(HISTORY, native=kind == NATIVE)
    # As the service does for itself.
    shorten_pauses()
    with KINDS[kind](source) as port:
        print(port, flush=True)  # noqa: T201
        if burning:
            burn()
        for _ in sys.stdin:
            print(time.process_time() - source.life_seconds, flush=True)  # noqa: T201


if __name__ == "__main__":
    main(*sys.argv[1:])
