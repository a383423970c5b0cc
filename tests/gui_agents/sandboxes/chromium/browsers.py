"""A real browser for tests, and short words for what is done with it."""

import contextlib
from collections.abc import AsyncIterator, Iterator
from functools import partial
from pathlib import Path

import attrs

from gui_agents.domain.actions import Action, Click, Key, Navigate, Type
from gui_agents.domain.egress import EgressVerdict
from gui_agents.domain.egress_list import egress_entries
from gui_agents.domain.sandbox import TransientSandboxError
from gui_agents.domain.screen import Element
from gui_agents.egress.policy import EgressPolicy
from gui_agents.egress.proxy import EgressProxy
from gui_agents.jail.limits import Limits
from gui_agents.jail.supervisor import Supervisor
from gui_agents.sandboxes.chromium.sandbox import ChromiumSandbox
from gui_agents.threads import Threads
from tests.system_tools import require_program

LIMITS = Limits(memory_bytes=2**31, disk_bytes=2**28, processes=512)
SCREEN = (1280, 720)


def everything(element: Element) -> Iterator[Element]:
    """Yield an element and all below it."""
    yield element
    for child in element.children:
        yield from everything(child)


def shown(element: Element) -> list[tuple[str, str]]:
    """Return the roles and names of all elements below a document."""
    return [(each.role, each.name) for each in everything(element)][1:]


@attrs.define(eq=False)
class Browser:
    """A browser that is open."""

    sandbox: ChromiumSandbox
    verdicts: list[EgressVerdict]

    async def tree(self) -> Element:
        """Return what is seen."""
        tree = (await self.sandbox.observe(screenshot=False)).tree
        assert tree is not None
        return tree

    async def document(self) -> Element:
        """Return the page that is seen."""
        return next(each for each in (await self.tree()).children if each.role == "document")

    async def find(self, role: str, name: str) -> Element:
        """Return the element that has a role and a name."""
        tree = await self.tree()
        found = [each for each in everything(tree) if (each.role, each.name) == (role, name)]
        assert len(found) == 1, shown(tree)
        return found[0]

    async def act(self, action: Action) -> str:
        """Return what became of an action, an error's text included."""
        try:
            return await self.sandbox.act(action)
        except TransientSandboxError as error:
            return f"error: {error}"

    async def go(self, url: str) -> str:
        return await self.act(Navigate(url))

    async def click(self, role: str, name: str) -> str:
        return await self.act(Click(*(await self.find(role, name)).bounds.center))

    async def type(self, text: str) -> str:
        return await self.act(Type(text))

    async def press(self, *keys: str) -> str:
        return await self.act(Key(keys))


@contextlib.asynccontextmanager
async def browsing(directory: Path, allow: str = "127.0.0.1, localhost") -> AsyncIterator[Browser]:
    """Open a browser in a jail, and close it."""
    require_program("chromium")
    require_program("bwrap")
    entries = tuple(entry for item in allow.split(", ") for entry in egress_entries(item))
    verdicts: list[EgressVerdict] = []
    supervisor = Supervisor(directory, LIMITS)
    sandbox = ChromiumSandbox(
        partial(supervisor.prepare, "chromium"),
        proxy=EgressProxy(EgressPolicy(entries), verdicts.append),
        screen=SCREEN,
        pictures=Threads("pages"),
    )
    try:
        await sandbox.open()
        yield Browser(sandbox, verdicts)
    finally:
        await sandbox.close(destroy=True)
        supervisor.close()
