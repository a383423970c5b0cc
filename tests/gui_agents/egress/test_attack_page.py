"""A page that tries every way into the network of the machine reaches nothing through the proxy."""

import asyncio
import contextlib
import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.browser import Browser, running_browser
from tests.gui_agents.egress.attack import SPELLINGS, attacking
from tests.gui_agents.egress.peers import Names, browsing

pytestmark = pytest.mark.system_tools

POPUPS = "--disable-popup-blocking"
SELDOM = {"audio", "video", "dns_prefetch", "preconnect", "speculation", "webtransport"}
"""Ways that this machine's Chromium does not always take, or that cannot be seen to arrive."""


def proxied(port: int) -> list[str]:
    """Return the flags by which a browser has a proxy as its only way out, whatever a page asks for."""
    return [
        POPUPS,
        f"--proxy-server=http://127.0.0.1:{port}",
        "--proxy-bypass-list=<-loopback>",
        "--webrtc-ip-handling-policy=disable_non_proxied_udp",
    ]


def attack(browser: Browser, page: int, victim: int) -> set[str]:
    """Open the page, try all its ways, and go to the victim by every spelling. Return the names of all that."""
    with browser.tab() as tab:
        tab.open(f"http://127.0.0.1:{page}/")
        ways = tab.evaluate(f"attack({victim}, {json.dumps(SPELLINGS)})")
    for number, spelling in enumerate(SPELLINGS):
        with browser.tab() as tab, contextlib.suppress(RuntimeError):
            tab.open(f"http://{spelling}:{victim}/navigation-{number}")
    return {*ways, *(f"navigation-{number}" for number in range(len(SPELLINGS)))}


async def in_browser(flags: list[str], work: Callable[[Browser], Any]) -> Any:
    def run() -> Any:
        with running_browser(*flags) as browser:
            return work(browser)

    return await asyncio.to_thread(run)


async def test_without_the_proxy_the_attack_reaches_its_victim():
    async with attacking() as (victim, page, port):
        flags = [POPUPS, "--host-resolver-rules=MAP *.test 127.0.0.1"]
        ways = await in_browser(flags, lambda browser: attack(browser, page, port))
        hits = set(victim.hits)
    assert ways - hits - SELDOM == set()
    assert len(ways & hits) > 67  # 56 ways of a page and 11 navigations
    spelled = {f"{way}-{number}" for way in ("fetch", "img", "websocket", "iframe") for number in range(len(SPELLINGS))}
    assert spelled - hits == set()


async def test_through_the_proxy_the_attack_reaches_nothing():
    names = Names(inside_test=[["127.0.0.1"]])
    async with attacking() as (victim, page, port), browsing(f"127.0.0.1:{page}", names=names) as gate:
        await in_browser(proxied(gate.port), lambda browser: attack(browser, page, port))
        assert victim.hits == set()
    assert gate.counts["denied_private"] > 67
    assert gate.counts["allowed"] > 0


def rebind(browser: Browser, port: int) -> str:
    with browser.tab() as tab:
        tab.open(f"http://rebind.test:{port}/rebind")
        tab.evaluate("rebind()")
        return str(tab.evaluate("document.title"))


async def test_a_name_that_turns_to_loopback_reaches_nothing():
    names = Names(rebind_test=[["127.0.0.2"], ["127.0.0.1"]], both_test=[["127.0.0.2", "127.0.0.1"]])
    async with attacking() as (victim, _, port), browsing("127.0.0.2", names=names) as gate:
        title = await in_browser(proxied(gate.port), lambda browser: rebind(browser, port))
        assert victim.hits == set()
    assert title == "rebinding"
    assert gate.counts["allowed"] == 1
    assert gate.counts["denied_private"] > 20
    assert {"rebind.test", "both.test"} <= set(names.asked)
