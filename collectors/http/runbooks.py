"""The runbooks as pages: Markdown of this package, rendered when somebody opens the first one."""

import functools
from collections.abc import Mapping
from html import escape
from http import HTTPStatus
from typing import Final

from collectors.http.messages import HTML, Request, Response, plain
from collectors.http.static import PAGE_HEADERS
from collectors.operations.runbooks import INDEX, SUFFIX, texts

PATH: Final = "/runbooks"
HEADERS: Final = (("Cache-Control", "no-cache"), *PAGE_HEADERS)
PAGE: Final = """\
<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta name="color-scheme" content="light dark">
  <title>{title}</title>
  <link rel="icon" href="../assets/icon.svg" type="image/svg+xml">
  <link rel="stylesheet" href="../assets/page.css">
  <link rel="stylesheet" href="../assets/runbook.css">
</head>
<body class="runbook">
<nav><a href="../">Status</a> <a href="./">All runbooks</a></nav>
<main>
{body}</main>
</body>
</html>
"""
"""Addresses are relative, so that it also works below a path of a reverse proxy."""


async def answer(request: Request) -> Response:
    """Return the page of one alert, with or without its suffix, or the list of all."""
    if request.path == PATH:
        return Response(HTTPStatus.PERMANENT_REDIRECT, b"", HTML, (("Location", "runbooks/"),))
    name = request.path.removeprefix(f"{PATH}/").removesuffix(SUFFIX) or INDEX
    page = _pages().get(name)
    if page is None:
        return plain(HTTPStatus.NOT_FOUND, f"There is no runbook of this name; {PATH}/ lists them")
    return Response(HTTPStatus.OK, page, HTML, HEADERS)


@functools.cache
def _pages() -> Mapping[str, bytes]:
    return {name: _rendered(name, text) for name, text in texts().items()}


def _rendered(name: str, text: str) -> bytes:
    from markdown_it import MarkdownIt  # noqa: PLC0415 - a service that nobody asks for runbooks goes without it

    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = markdown.parse(text.replace("<!-- thresholds -->\n", ""))
    for token in tokens:
        for child in token.children or ():
            target = child.attrGet("href")
            if isinstance(target, str) and "/" not in target:
                child.attrSet("href", target.removesuffix(SUFFIX))
    body = markdown.renderer.render(tokens, markdown.options, {})
    return PAGE.format(title=escape(name if name != INDEX else "Runbooks"), body=body).encode()
