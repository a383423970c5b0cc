"""The files of the status page: a directory of this package, read once when the endpoint starts."""

from collections.abc import Mapping
from hashlib import sha256
from http import HTTPStatus
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final

import attrs

from collectors.http.messages import HTML, Request, Response

CONTENT_TYPES: Final[Mapping[str, str]] = {
    "html": HTML,
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "json": "application/json",
    "svg": "image/svg+xml",
    "png": "image/png",
    "ico": "image/x-icon",
    "woff2": "font/woff2",
    "txt": "text/plain; charset=utf-8",
}
"""By file name extension; a file with another one is not served."""

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Nothing from elsewhere, nothing inline."""

PAGE_HEADERS: Final = (("Content-Security-Policy", POLICY), ("Referrer-Policy", "no-referrer"))
"""Of every page."""


@attrs.frozen
class StaticFile:
    """One file, with the tag that tells its versions apart."""

    content: bytes
    content_type: str
    tag: str

    def answer(self, request: Request) -> Response:
        """Return the file, or that the client has it already."""
        headers = (("ETag", self.tag), ("Cache-Control", "no-cache"), *PAGE_HEADERS)
        if self.tag in {tag.strip().removeprefix("W/") for tag in request.header("if-none-match").split(",")}:
            return Response(HTTPStatus.NOT_MODIFIED, b"", self.content_type, headers)
        return Response(HTTPStatus.OK, self.content, self.content_type, headers)


def packaged_files(package: str = "collectors.http", directory: str = "assets") -> dict[str, StaticFile]:
    """Return the servable files of a package's directory by name; none if it does not exist."""
    folder = files(package) / directory
    if not folder.is_dir():
        return {}
    return {entry.name: _static_file(entry) for entry in folder.iterdir() if _extension(entry.name) in CONTENT_TYPES}


def _static_file(entry: Traversable) -> StaticFile:
    content = entry.read_bytes()
    return StaticFile(content, CONTENT_TYPES[_extension(entry.name)], f'"{sha256(content).hexdigest()[:16]}"')


def _extension(name: str) -> str:
    return name.rpartition(".")[2]
