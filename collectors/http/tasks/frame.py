"""What all pages of tasks have around them."""

from collections.abc import Mapping
from hashlib import sha256
from html import escape
from http import HTTPStatus
from typing import Final

from collectors.http.messages import HTML, Response
from collectors.http.static import PAGE_HEADERS, POLICY
from collectors.http.tasks.views import Viewer

OWN_POLICY: Final = POLICY.replace("form-action 'none'", "form-action 'self'")
"""These pages have forms."""
HEADERS: Final = (
    *((name, OWN_POLICY if text == POLICY else text) for name, text in PAGE_HEADERS),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Cache-Control", "no-store"),
)
PAGE: Final = """\
<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta name="color-scheme" content="light dark">
  <title>{title}</title>
  <link rel="icon" href="{root}assets/icon.svg" type="image/svg+xml">
  <link rel="stylesheet" href="{root}assets/page.css">
  <link rel="stylesheet" href="{root}assets/tasks.css">
  <script type="module" src="{root}assets/tasks.js"></script>
</head>
<body class="tasks" data-root="{root}">
<a class="skip" href="#main">To the content</a>
<header class="top">
  <div class="name">
    <img src="{root}assets/icon.svg" alt="" width="36" height="36">
    <div><h1>{heading}</h1><p class="facts-line">{line}</p></div>
  </div>
  <nav class="pages" aria-label="Pages"><a href="{home}">Status</a>{tasks}{leave}</nav>
</header>
<main id="main">
{body}
</main>
<div class="notice" id="notice" role="status"></div>
</body>
</html>
"""
"""Addresses are relative, so that it also works below a path of a reverse proxy."""
LEAVE: Final = ' <button type="button" id="leave">Sign out {name}</button>'


def page(
    title: str, body: str, *, depth: int, line: str = "", viewer: Viewer | None = None, is_list: bool = False
) -> bytes:
    """Return a page `depth` directories below the root; `line`, and `body`, are HTML, `title` is not."""
    root = "../" * depth
    leave = LEAVE.format(name=escape(viewer.identity.name)) if viewer is not None and viewer.signed_in else ""
    text = PAGE.format(
        title=escape(f"{title} · GUI agents"),
        heading=escape(title),
        root=root,
        home=root or "./",
        tasks="" if is_list else f' <a href="{root}tasks">Tasks</a>',
        leave=leave,
        line=line,
        body=body,
    )
    return text.encode(errors="backslashreplace")


def tagged(body: bytes) -> Response:
    """Return the answer with a page that browsers ask for again and again: its tag tells whether it has changed."""
    tag = f'"{sha256(body).hexdigest()[:24]}"'
    return Response(HTTPStatus.OK, body, HTML, (*HEADERS, ("ETag", tag), ("Vary", "Accept-Encoding")))


def notice(status: HTTPStatus, title: str, text: str, *, depth: int, viewer: Viewer | None = None) -> Response:
    """Return a page that says one thing."""
    body = page(title, f'<p class="card">{escape(text)}</p>', depth=depth, viewer=viewer)
    return Response(status, body, HTML, HEADERS)


def options(choices: Mapping[str, str], chosen: str) -> str:
    """Return the options of a `select`, by value."""
    return "".join(
        f'<option value="{escape(value)}"{" selected" if value == chosen else ""}>{escape(name)}</option>'
        for value, name in choices.items()
    )
