"""A real desktop for tests, and hands that find things on it by their names."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

from gui_agents.config import load
from gui_agents.domain.actions import Action, Click, OpenApp, Type
from gui_agents.domain.screen import Element, Observation
from gui_agents.sandboxes.registry import SandboxFactory
from gui_agents.sandboxes.x11.sandbox import X11Sandbox
from tests.fakes import a_spec
from tests.system_tools import require_program

PROGRAMS = ("Xvfb", "openbox", "dbus-daemon", "bwrap", "mousepad", "galculator", "xterm")
APPS = "mousepad, galculator, xterm"
PATIENCE_SECONDS = 60.0


def elements(root: Element) -> Iterator[Element]:
    yield root
    for child in root.children:
        yield from elements(child)


def found(observation: Observation, role: str, name: str | None = None) -> Element:
    return next(
        element
        for element in elements(observation.tree)
        if element.role == role and name in (None, element.name) and "offscreen" not in element.states
    )


class Desk:
    def __init__(self, sandbox: X11Sandbox) -> None:
        self.sandbox = sandbox

    async def act(self, *actions: Action) -> str:
        return [await self.sandbox.act(action) for action in actions][-1]

    async def see(self) -> Observation:
        return await self.sandbox.observe(screenshot=False)

    async def until(self, role: str, name: str | None = None, value: str | None = None) -> Element:
        """Return an element as soon as it is there, with a value if one is given."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                try:
                    element = found(await self.see(), role, name)
                except StopIteration:
                    element = None
                if element is not None and value in (None, element.value):
                    return element
                await asyncio.sleep(0.02)

    async def until_picture(self, wanted: Callable[[bytes], bool]) -> bytes:
        """Return the pixels as soon as they are as wanted: programs draw some time after they were told to."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not wanted(data := (await self.sandbox.observe(screenshot=True)).screenshot.data):
                await asyncio.sleep(0.05)
        return data

    async def still_picture(self) -> bytes:
        """Return the pixels as soon as they have not changed for half a second."""
        seen: list[bytes] = []

        def is_still(data: bytes) -> bool:
            if seen[-1:] != [data]:
                seen.clear()
            seen.append(data)
            return len(seen) == 10

        return await self.until_picture(is_still)

    async def click(self, role: str, name: str, count: int = 1) -> None:
        element = await self.until(role, name)
        await self.act(Click(*element.bounds.center, count=count))

    def shared(self, name: str) -> Path:
        return self.sandbox._jail.shared_outside / name

    async def terminal(self) -> None:
        await self.act(OpenApp("xterm"))

    async def run(self, command: str) -> str:
        """Run a command in the terminal, and return what it prints."""
        done = self.shared("done")
        await self.act(Type(f"( {command} ) >/run/shared/out 2>&1; mv /run/shared/out /run/shared/done\n"))
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not done.exists():
                await asyncio.sleep(0.02)
        text = done.read_bytes().decode(errors="replace")
        done.unlink()
        return text


@asynccontextmanager
async def a_desk(directory: Path, **variables: str) -> AsyncIterator[Desk]:
    for program in PROGRAMS:
        require_program(program)
    factory = SandboxFactory(load({"X11_APPS": APPS, **variables}).sandboxes, directory)
    sandbox = factory.create(a_spec(backend="x11"))
    try:
        await sandbox.open()
        yield Desk(sandbox)
    finally:
        await sandbox.close(destroy=True)
