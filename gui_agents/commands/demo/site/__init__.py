"""A small site on loopback, which a browser of the demo visits; it keeps what it was sent, as the proof.

Each task visits it under a number of its own, `/1/`, `/2/`, so that what each one sent is known.
"""

import html
import threading
from collections import defaultdict
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from string import Template
from typing import Final
from urllib.parse import parse_qs, urlsplit

import attrs

ORDERS: Final = ("Sencha", "Assam", "Dragon Well")
_MAX_BODY: Final = 100_000
_MAX_DIGITS: Final = 4
_PAGES: Final = files(__name__) / "pages"


@attrs.define
class Visit:
    """What one visitor has sent."""

    pages: list[str] = attrs.field(factory=list, eq=False)
    """The pages that were seen."""
    messages: list[dict[str, str]] = attrs.field(factory=list)
    """The fields of each message."""
    orders: list[str] = attrs.field(factory=lambda: list(ORDERS))
    """Those that were not cancelled."""
    queries: list[str] = attrs.field(factory=list)
    letters: list[dict[str, str]] = attrs.field(factory=list)
    """The fields of each subscription."""


class Site:
    """The site, served by threads of its own from `start` to `stop`."""

    def __init__(self) -> None:
        self.visits: defaultdict[int, Visit] = defaultdict(Visit)
        """What each visitor has sent, by number."""
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), name="site", daemon=True)

    @property
    def address(self) -> str:
        """HOST:PORT."""
        return f"127.0.0.1:{self._server.server_address[1]}"

    def start(self) -> None:
        """Begin to serve."""
        self._thread.start()

    def stop(self) -> None:
        """Close the port."""
        if self._thread.is_alive():  # to shut down what does not serve would wait for ever
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()

    def get(self, visitor: int, place: str, query: dict[str, str]) -> str | None:
        """Return a page, or None if there is none of this name."""
        visit = self.visits[visitor]
        visit.pages.append(place)
        match place:
            case "":
                return _page(visitor, "Teas", "teas")
            case "contact" | "newsletter":
                return _page(visitor, place.capitalize(), place)
            case "thanks":
                name = visit.messages[-1].get("name", "") if visit.messages else "visitor"
                return _page(visitor, "Thank you", "thanks", name=name, ticket=f"T-{visitor}{len(visit.messages)}")
            case "search":
                visit.queries.append(query.get("query", ""))
                return _page(visitor, "Results", "search", query=visit.queries[-1])
            case "orders":
                return _orders(visitor, visit.orders)
        return None

    def post(self, visitor: int, place: str, fields: dict[str, str]) -> str | None:
        """Keep what was sent, and return the page to go on with; None if nothing takes it."""
        visit = self.visits[visitor]
        match place:
            case "contact":
                visit.messages.append(fields)
                return "thanks"
            case "newsletter":
                visit.letters.append(fields)
                return "thanks"
            case "orders":
                visit.orders = [order for order in visit.orders if order != fields.get("order")]
                return "orders"
        return None

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        site = self

        class Handler(BaseHTTPRequestHandler):
            """One request."""

            protocol_version = "HTTP/1.1"
            timeout = 30.0
            wbufsize = 2**16  # head and page leave in one piece

            def do_GET(self) -> None:
                """Answer with a page."""
                parts = urlsplit(self.path)
                if parts.path == "/style.css":
                    self._send("text/css", _text("style.css"))
                    return
                visitor, place = _place(parts.path)
                page = None if visitor is None else site.get(visitor, place, _fields(parts.query))
                if page is None:
                    self.send_error(HTTPStatus.NOT_FOUND)
                else:
                    self._send("text/html; charset=utf-8", page)

            def do_POST(self) -> None:
                """Keep what was sent."""
                length = min(int(self.headers.get("Content-Length") or 0), _MAX_BODY)
                fields = _fields(self.rfile.read(length).decode(errors="replace"))
                visitor, place = _place(urlsplit(self.path).path)
                following = None if visitor is None else site.post(visitor, place, fields)
                if following is None:
                    self.send_error(HTTPStatus.NOT_FOUND)
                    return
                self.send_response(HTTPStatus.SEE_OTHER)
                self.send_header("Location", f"/{visitor}/{following}")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as its base class names it
                """Log nothing: the demo shows what its tasks do."""

            def _send(self, content_type: str, text: str) -> None:
                body = text.encode()
                self.send_response(HTTPStatus.OK)
                self.send_header("Content-Type", content_type)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        return Handler


def _place(path: str) -> tuple[int | None, str]:
    """Return the visitor's number and the page's name; the number is None for another path."""
    _, _, rest = path.partition("/")
    visitor, _, place = rest.partition("/")
    is_number = visitor.isascii() and visitor.isdigit() and len(visitor) <= _MAX_DIGITS
    return (int(visitor) if is_number else None), place


def _fields(text: str) -> dict[str, str]:
    """Return the fields of a form; a text area's lines end as they do here."""
    fields = parse_qs(text, keep_blank_values=True, max_num_fields=100)
    return {name: values[-1].replace("\r\n", "\n") for name, values in fields.items()}


def _orders(visitor: int, orders: list[str]) -> str:
    rows = "".join(_filled("order", visitor=str(visitor), order=html.escape(order)) for order in orders)
    return _layout(visitor, "Orders", _filled("orders", rows=rows))


def _page(visitor: int, title: str, page: str, /, **values: str) -> str:
    escaped = {key: html.escape(value) for key, value in values.items()}
    return _layout(visitor, title, _filled(page, visitor=str(visitor), **escaped))


def _layout(visitor: int, title: str, content: str) -> str:
    return _filled("layout", title=title, visitor=str(visitor), content=content)


def _filled(page: str, /, **values: str) -> str:
    return Template(_text(f"{page}.html")).substitute(values)


def _text(name: str) -> str:
    return (_PAGES / name).read_text(encoding="utf-8")
