"""What the endpoint answers: one table of paths, pure but for the page that is rendered."""

import logging
from collections.abc import Awaitable, Callable, Collection, Mapping
from http import HTTPStatus
from typing import Final

from collectors.exposition.formats import TEXT_FORMATS, Format
from collectors.exposition.page import Exposition
from collectors.exposition.reading import Instant
from collectors.http import runbooks
from collectors.http.asking import AskedTooMuchError, Asking
from collectors.http.flight import Flight
from collectors.http.landing import UNREADABLE, key_figures, landing_page
from collectors.http.messages import HTML, Request, Response, plain
from collectors.http.static import PAGE_HEADERS, StaticFile
from collectors.http.tasks import pages as task_pages
from collectors.http.tasks.pages import TaskPages
from gui_agents.snapshot import SnapshotSource

_log = logging.getLogger(__name__)

METHODS: Final = frozenset({"GET", "HEAD"})
METRICS_HEADERS: Final = (("Vary", "Accept, Accept-Encoding"),)
COMPRESSED_HEADERS: Final = (*METRICS_HEADERS, ("Content-Encoding", "gzip"))
ASSETS: Final = "/assets/"
READY_STALL_SECONDS: Final = 5.0
"""How long the service's event loop may be blocked before the service is not ready."""
HEALTHY_STALL_SECONDS: Final = 30.0
"""The same before it is not healthy, and should be started again."""
INDEX: Final = "index.html"
"""The file that is the page at /."""
TASKS_PLACE: Final = "<!-- tasks -->"
"""Where it links to the pages of tasks, if there are any."""
TASKS_LINK: Final = '<a href="tasks">Tasks, one by one</a>'


class Site:
    """Answers requests; lives on the endpoint's loop."""

    def __init__(
        self,
        source: SnapshotSource,
        exposition: Exposition,
        *,
        ready: Callable[[], bool],
        static: Mapping[str, StaticFile],
        formats: Collection[Format] = TEXT_FORMATS,
        healthy_stall_seconds: float = HEALTHY_STALL_SECONDS,
        tasks: TaskPages | None = None,
    ) -> None:
        self._source = source
        self._exposition = exposition
        self._ready = ready
        self._static = static
        self._healthy_stall_seconds = healthy_stall_seconds
        self._asking = Asking(formats)
        self._tasks = tasks
        self._index = static[INDEX].content.decode().replace(TASKS_PLACE, "" if tasks is None else TASKS_LINK)
        self._problem: type[Exception] | None = None
        self._flight = Flight(source, exposition)
        self._routes: dict[str, Callable[[Request], Awaitable[Response]]] = {
            "/metrics": self._metrics,
            "/-/healthy": self._healthy,
            "/-/ready": self._readiness,
            "/": self._landing,
            runbooks.PATH: runbooks.answer,
        }

    async def answer(self, request: Request) -> Response:
        """Return the answer to one request."""
        route = self._routes.get(request.path)
        if route is None and request.path.startswith(ASSETS) and request.path.removeprefix(ASSETS) in self._static:
            route = self._asset
        if route is None and request.path.startswith(f"{runbooks.PATH}/"):
            route = runbooks.answer
        if route is None and self._tasks is not None and f"{request.path}/".startswith(f"{task_pages.PATH}/"):
            return await self._tasks.answer(request)
        if route is None:
            known = [*self._routes, *([] if self._tasks is None else [task_pages.PATH])]
            return plain(HTTPStatus.NOT_FOUND, f"There is nothing here; see {', '.join(known)}")
        if request.method not in METHODS:
            return plain(HTTPStatus.METHOD_NOT_ALLOWED, "Only GET and HEAD", ("Allow", "GET, HEAD"))
        return await route(request)

    async def _metrics(self, request: Request) -> Response:
        try:
            asked = self._asking.read(request)
        except AskedTooMuchError as error:
            return plain(HTTPStatus.BAD_REQUEST, str(error))
        body = await self._flight.page(asked.page, request.arrived, compressed=asked.compressed)
        headers = COMPRESSED_HEADERS if asked.compressed else METRICS_HEADERS
        return Response(HTTPStatus.OK, body, asked.page.form.value, headers)

    async def _healthy(self, _request: Request) -> Response:
        reason = self._stall(self._healthy_stall_seconds)
        return plain(HTTPStatus.OK, "healthy") if reason is None else _unavailable(f"not healthy: {reason}")

    async def _readiness(self, _request: Request) -> Response:
        reason = self._stall(READY_STALL_SECONDS) if self._ready() else "the service is shutting down"
        return plain(HTTPStatus.OK, "ready") if reason is None else _unavailable(f"not ready: {reason}")

    def _stall(self, longest_seconds: float) -> str | None:
        """Return why the service cannot work: its event loop has been blocked for longer than this."""
        try:
            snapshot = self._source.snapshot()
        except Exception:  # noqa: BLE001 - scrapes report it; it is no reason to start the service again
            return None
        seconds = snapshot.service.heartbeat.lag_seconds(snapshot.taken_monotonic_seconds)
        if seconds <= longest_seconds:
            return None
        return f"the event loop has been blocked for {seconds:.0f} s (more than {longest_seconds:g} s)"

    async def _landing(self, _request: Request) -> Response:
        page = landing_page(self._index, self._key_figures(), self._exposition.failures())
        return Response(HTTPStatus.OK, page.encode(), HTML, (("Cache-Control", "no-store"), *PAGE_HEADERS))

    async def _asset(self, request: Request) -> Response:
        return self._static[request.path.removeprefix(ASSETS)].answer(request)

    def _key_figures(self) -> str:
        try:
            figures = key_figures(Instant(self._source).snapshot())
        except Exception as error:  # noqa: BLE001 - the boundary of the landing page: logged, and said on it
            # Each kind is told once, not at each visit.
            if self._problem is not type(error):
                self._problem = type(error)
                _log.exception("the landing page goes without its key figures")
            return UNREADABLE
        self._problem = None
        return figures


def _unavailable(reason: str) -> Response:
    return plain(HTTPStatus.SERVICE_UNAVAILABLE, reason)
