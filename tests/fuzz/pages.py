"""Requests with random methods, paths, queries, headers and cookies for the metrics port."""

import asyncio
import random
import re
from collections import Counter
from urllib.parse import quote

SECONDS = 5.0
METHODS = (*("GET",) * 6, "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT", "get", "G E T", "\x01")
PATHS = (
    "/",
    "/metrics",
    "/healthz",
    "/readyz",
    "/tasks",
    "/tasks/",
    "/tasks/{}",
    "/tasks/{}/steps",
    "/api/tasks",
    "/pictures/{}/{}",
    "/static/{}",
    "/page.css",
    "/page.js",
    "/runbooks/{}",
    "/login",
    "/{}",
    "//{}",
    "*",
    "",
)
PARTS = (
    "..",
    "%2e%2e",
    "%00",
    "%ff",
    "a" * 300,
    "754fb916-6dc1-4aa2-9edc-87fb9ccf1560",
    "é",
    "?",
    "#",
    "%",
    "{}",
    "1.png",
)
NAMES = ("status", "reason", "model", "owner", "text", "since", "order", "cursor", "page", "limit", "name[]", "x")
VALUES = ("", "1", "-1", "failed", "9" * 40, "1h", "nan", "%ff", "'--", "<script>", "a" * 500, "\udcff")
HEADERS = (
    "Host",
    "Accept",
    "Accept-Encoding",
    "Authorization",
    "Cookie",
    "Range",
    "If-None-Match",
    "Connection",
    "Origin",
    "Content-Length",
    "Transfer-Encoding",
    "X-Prometheus-Scrape-Timeout-Seconds",
)
STATUS = re.compile(rb"HTTP/1\.[01] (\d{3}) ")


def request(source: random.Random) -> bytes:
    """Return a request, or something like one."""
    path = source.choice(PATHS)
    while "{}" in path:
        path = path.replace("{}", source.choice(PARTS), 1)
    if source.random() < 0.5:
        pairs = [f"{source.choice(NAMES)}={_value(source)}" for _ in range(source.choice((1, 1, 2, 30)))]
        path += "?" + "&".join(pairs)
    lines = [
        f"{source.choice(METHODS)} {path} HTTP/{source.choice(('1.1', '1.1', '1.1', '1.0', '2.0', '9'))}".encode(
            "utf-8", "replace"
        )
    ]
    if source.random() < 0.9:
        lines.append(b"Host: localhost")
    for _ in range(source.choice((0, 1, 2, 5))):
        value = source.choice(
            (b"", b"*/*", b"gzip", b"Bearer x", b"Basic Og==", b"0", b"-1", b"chunked", b"a=b; c", source.randbytes(30))
        )
        lines.append(source.choice(HEADERS).encode() + b": " + value.replace(b"\r", b"").replace(b"\n", b""))
    lines.append(b"Connection: close")
    data = b"\r\n".join(lines) + b"\r\n\r\n"
    if source.random() < 0.1:
        place = source.randrange(len(data))
        data = data[:place] + source.randbytes(3) + data[place:]
    return data


def _value(source: random.Random) -> str:
    value = source.choice(VALUES)
    return value if source.random() < 0.3 else quote(value, errors="replace")


async def ask_once(port: int, source: random.Random, seen: Counter[str]) -> None:
    """Send a request, and count the status.

    Raises:
        AssertionError: it is that of a defect, or none comes and the connection stays open.
    """
    data = request(source)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(data)
        writer.write_eof()
        async with asyncio.timeout(SECONDS):
            answer = await reader.read()
    except ConnectionError:
        answer = b""
    except TimeoutError:
        raise AssertionError(f"no answer to {data!r:.2000}") from None
    finally:
        writer.close()
    found = STATUS.match(answer)
    code = found[1].decode() if found else "none"
    seen[code] += 1
    assert code != "500", f"{code} for {data!r:.2000}"
