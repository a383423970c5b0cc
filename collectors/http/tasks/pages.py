"""The pages of tasks: `/tasks`, `/tasks/ID`, their pictures, and the sessions of those who look at them.

All that a storage is asked for, and all rendering, is done by the threads of `reads`: the endpoint's loop, which
answers scrapes, only checks who asks.
"""

import logging
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Final

import attrs

from collectors.exposition.negotiation import accepts_gzip
from collectors.http.compression import gzip_compression
from collectors.http.messages import Request, Response, plain
from collectors.http.tasks import wanted
from collectors.http.tasks.detail import TaskView, task_page
from collectors.http.tasks.frame import notice, tagged
from collectors.http.tasks.listing import PAGE_SIZE, list_page
from collectors.http.tasks.login import login_page
from collectors.http.tasks.reads import BusyError, Reads
from collectors.http.tasks.sessions import Sessions, is_from_elsewhere
from collectors.http.tasks.views import NOBODY, TaskSource, Viewer
from gui_agents.domain.access import AuthFailure, Role
from gui_agents.domain.storage import CursorError, StorageError, TaskPage

_log = logging.getLogger(__name__)

PATH: Final = "/tasks"
SESSION: Final = f"{PATH}/session"
PICTURES: Final = "pictures"
TYPES: Final = {"jpg": "image/jpeg", "png": "image/png"}
MAX_PATH: Final = 200
"""Characters of a path that names something."""
PICTURE_POLICY: Final = "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; sandbox"
"""Browsers lay a picture that stands alone out with styles of their own."""
PICTURE_HEADERS: Final = (
    ("Content-Security-Policy", PICTURE_POLICY),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Referrer-Policy", "no-referrer"),
    ("Cache-Control", "private, max-age=60"),
)
READING: Final = frozenset({"GET", "HEAD"})
UNKNOWN: Final = "There is no task of this id, or it is no longer stored."
NO_TASKS: Final = TaskPage(tasks=(), next_cursor="")
MAX_DIGITS: Final = 10
DOWN: Final = "The storage of tasks does not answer now. Tasks go on; the service's log says more."


class TaskPages:
    """Answers requests for pages of tasks; lives on the endpoint's loop."""

    def __init__(
        self,
        source: TaskSource,
        *,
        secure: Callable[[], bool] = lambda: False,
        reads: Reads | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._source = source
        self._sessions = Sessions(source, secure=secure)
        self._reads = reads or Reads()
        self._now = now
        self._compress = gzip_compression()

    async def answer(self, request: Request) -> Response:
        """Return the answer to a request for `/tasks` or for what is below."""
        depth = max(0, request.path.count("/") - 1)
        if request.path == SESSION:
            return self._session(request)
        if request.method not in READING:
            return plain(HTTPStatus.METHOD_NOT_ALLOWED, "Only GET and HEAD", ("Allow", "GET, HEAD"))
        if request.path == f"{PATH}/":
            return Response(HTTPStatus.PERMANENT_REDIRECT, b"", headers=(("Location", "../tasks"),))
        viewer = self._sessions.viewer(request)
        if isinstance(viewer, AuthFailure):
            return self._turned_away(viewer, request, depth)
        return self._refusal(viewer, depth) or await self._read(request, viewer, depth)

    async def _read(self, request: Request, viewer: Viewer, depth: int) -> Response:
        try:
            return await self._shown(request, viewer, depth)
        except (BusyError, StorageError) as error:
            if isinstance(error, StorageError):
                _log.warning("a page of tasks could not be read: %s", error)
            answer = notice(HTTPStatus.SERVICE_UNAVAILABLE, "Tasks", DOWN, depth=depth, viewer=viewer)
            return attrs.evolve(answer, headers=(*answer.headers, ("Retry-After", "2")))

    def _refusal(self, viewer: Viewer, depth: int) -> Response | None:
        if not self._source.tokens.on and not self._source.open_without_tokens:
            text = (
                f"{NOBODY}. Set ACCESS_TOKENS_FILE, or let the endpoint listen on loopback (PROMETHEUS_HOST); "
                "ALLOW_INSECURE=true shows all tasks to everybody."
            )
            return notice(HTTPStatus.FORBIDDEN, "Tasks", text[0].upper() + text[1:], depth=depth)
        if not viewer.sees_all and Role.SUBMIT not in viewer.identity.roles:
            return notice(HTTPStatus.FORBIDDEN, "Tasks", "This token shows no tasks.", depth=depth, viewer=viewer)
        return None

    async def _shown(self, request: Request, viewer: Viewer, depth: int) -> Response:
        parts = request.path.removeprefix(f"{PATH}/").split("/") if request.path != PATH else []
        match parts if len(request.path) <= MAX_PATH else [""]:
            case []:
                return await self._reads.ask(lambda: self._list(request, viewer))
            case [task_id] if task_id:
                return await self._reads.ask(lambda: self._task(request, viewer, task_id))
            case [task_id, where, name] if where == PICTURES:
                return await self._reads.ask(lambda: self._picture(viewer, task_id, name))
            case _:
                return notice(HTTPStatus.NOT_FOUND, "Tasks", UNKNOWN, depth=depth, viewer=viewer)

    def _session(self, request: Request) -> Response:
        """Begin a session for the token in the header, or end the one in the cookie."""
        if request.method not in ("POST", "DELETE"):
            return plain(HTTPStatus.METHOD_NOT_ALLOWED, "Only POST and DELETE", ("Allow", "POST, DELETE"))
        if is_from_elsewhere(request):
            return plain(HTTPStatus.FORBIDDEN, "A page of another site asks for this")
        if request.method == "DELETE":
            return plain(HTTPStatus.OK, "signed out", self._sessions.end(request))
        viewer = self._sessions.viewer(request)
        if isinstance(viewer, AuthFailure):
            return self._turned_away(viewer, request, depth=2)
        if viewer.signed_in or not self._source.tokens.on:
            return plain(HTTPStatus.BAD_REQUEST, "The request has no token")
        return plain(HTTPStatus.OK, "signed in", self._sessions.begin(viewer.identity))

    def _turned_away(self, failure: AuthFailure, request: Request, depth: int) -> Response:
        self._source.turned_away(failure, request.client)
        return login_page(failure, depth=depth)

    # In a thread.

    def _list(self, request: Request, viewer: Viewer) -> Response:
        query = wanted.read(request.query, self._now())
        asked, own = query.wanted, viewer.identity.name
        if not viewer.sees_all:
            if asked.owner not in (None, own):
                return self._packed(request, list_page(NO_TASKS, query, viewer))
            asked = attrs.evolve(asked, owner=own)
        try:
            found = self._source.views.tasks(
                asked, query.order, descending=query.descending, limit=PAGE_SIZE, cursor=query.cursor
            )
        except CursorError:
            text = "The address of this page was made for another list; begin with its first page."
            return notice(HTTPStatus.BAD_REQUEST, "Tasks", text, depth=0, viewer=viewer)
        return self._packed(request, list_page(found, query, viewer))

    def _task(self, request: Request, viewer: Viewer, task_id: str) -> Response:
        stored = self._source.views.task(task_id)
        if stored is None or not viewer.sees(stored):
            return notice(HTTPStatus.NOT_FOUND, "Task", UNKNOWN, depth=1, viewer=viewer)
        view = TaskView(
            stored=stored,
            steps=self._source.views.steps(task_id),
            pictures=self._source.views.pictures(task_id),
            before=_before(request.query),
        )
        return self._packed(request, task_page(view, viewer))

    def _picture(self, viewer: Viewer, task_id: str, name: str) -> Response:
        stored = self._source.views.task(task_id)
        kind = TYPES.get(name.rpartition(".")[2])
        found = None
        if stored is not None and viewer.sees(stored) and kind is not None:
            found = self._source.views.picture(task_id, name)
        if found is None or kind is None:
            return plain(HTTPStatus.NOT_FOUND, "There is no such picture")
        return Response(HTTPStatus.OK, found, kind, PICTURE_HEADERS)

    def _packed(self, request: Request, body: bytes) -> Response:
        """Return a page as small as the client takes it; only that it has it already, if it does."""
        answer = tagged(body)
        tag = dict(answer.headers)["ETag"]
        if tag in request.header("if-none-match"):
            return attrs.evolve(answer, status=HTTPStatus.NOT_MODIFIED, body=b"")
        if not accepts_gzip(request.header("accept-encoding")):
            return answer
        return attrs.evolve(answer, body=self._compress(body), headers=(*answer.headers, ("Content-Encoding", "gzip")))


def _before(query: str) -> int | None:
    text = query.removeprefix("before=")
    return int(text) if text != query and text.isascii() and text.isdigit() and len(text) < MAX_DIGITS else None
