import gzip
import sys
import types

import pytest

from collectors.http.compression import LEVEL, gzip_compression
from gui_agents.domain.packages import install_command
from tests.collectors import golden
from tests.collectors.http.serving import ask, serving

PAGE = golden.PATH.read_bytes()


@pytest.fixture(params=["isal", "zlib"])
def installed(request, monkeypatch):
    """Run with `isal` and without it."""
    if request.param == "isal":
        pytest.importorskip("isal", reason=f"isal is not installed; run: {install_command('fast')}")
    else:
        monkeypatch.setitem(sys.modules, "isal", None)
    return request.param


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize("page", [b"", b"x", PAGE, PAGE * 20], ids=["empty", "a byte", "a page", "a large page"])
def test_what_is_compressed_is_the_page(page):
    compress = gzip_compression()
    assert gzip.decompress(compress(page)) == page
    assert compress(page) == compress(page)
    # The time of compression is left out: equal pages give equal bytes.
    assert compress(page)[4:8] == bytes(4)


@pytest.mark.usefixtures("installed")
def test_a_page_is_compressed_by_what_is_installed():
    with serving() as endpoint:
        _, headers, body = ask(endpoint, accept_encoding="gzip")
    assert headers["content-encoding"] == "gzip"
    assert b"agent_tasks_active 3.0" in body


def test_without_isal_zlib_compresses_at_its_quickest_level(monkeypatch):
    monkeypatch.setitem(sys.modules, "isal", None)
    assert gzip_compression()(PAGE) == gzip.compress(PAGE, LEVEL, mtime=0)
    # So RFC 1952 marks the quickest level.
    assert gzip_compression()(PAGE)[8] == 4


def test_with_isal_it_compresses(monkeypatch):
    asked = []
    igzip = types.SimpleNamespace(compress=lambda *arguments, **more: asked.append((arguments, more)) or b"compressed")
    monkeypatch.setitem(sys.modules, "isal", types.SimpleNamespace(igzip=igzip))
    assert gzip_compression()(b"page") == b"compressed"
    assert asked == [((b"page", LEVEL), {"mtime": 0})]
