"""The sandboxes of all backends as a service makes them, and what is done with them."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from gui_agents.config import load
from gui_agents.domain.actions import Action, Click, Drag, Key, Navigate, OpenApp, Scroll, Type
from gui_agents.domain.cloud import CloudWish
from gui_agents.domain.sandbox import Sandbox
from gui_agents.jail.records import NOTE
from gui_agents.sandboxes.registry import SandboxFactory
from tests.endpoints.lybic import KEY, ORGANIZATION, LybicCloud
from tests.fakes import a_spec
from tests.faults.counting import files
from tests.scripted_model import ScriptedModelServer
from tests.system_tools import require_program

PROGRAMS: Final[Mapping[str, tuple[str, ...]]] = {
    "x11": ("bwrap", "Xvfb", "openbox", "dbus-daemon", "xterm"),
    "chromium": ("bwrap", "chromium"),
    "lybic": (),
}
PAGE: Final = "http://127.0.0.1:1/"
"""Nothing listens there: the way to the proxy and back is what is tested."""
_EVERYWHERE: Final[tuple[Action, ...]] = (
    Click(200, 200),
    Type("ä1"),
    Key(("ctrl", "a")),
    Scroll(200, 200, 0, 3),
    Drag(100, 100, 200, 200),
)
ACTIONS: Final[Mapping[str, tuple[Action, ...]]] = {
    "x11": (*_EVERYWHERE, OpenApp("xterm")),
    "chromium": (*_EVERYWHERE, Navigate(PAGE)),
    "lybic": _EVERYWHERE,
}


class _Swept:
    """Counts nothing."""

    def sandboxes_swept(self, *_: object) -> None:
        pass

    def egress_connection(self, *_: object) -> None:
        pass


class Backends:
    """Makes sandboxes as a service does, and knows what is left in the cloud."""

    def __init__(self, factory: SandboxFactory, cloud: LybicCloud, runtime_dir: Path) -> None:
        self._factory = factory
        self._cloud = cloud
        self._runtime_dir = runtime_dir

    def create(self, backend: str) -> Sandbox:
        """Return a sandbox that is not open yet."""
        return self._factory.create(a_spec(backend=backend, cloud=self._factory.order(backend, CloudWish())))

    def in_the_cloud(self) -> list[str]:
        """Return the sandboxes that are left in the cloud, and that no next start would find: they have no note."""
        notes = "".join(note.read_text() for note in self._runtime_dir.rglob(NOTE))
        return [f"in the cloud: {each.name}" for each in self._cloud.living if each.name not in notes]


@asynccontextmanager
async def standing(runtime_dir: Path) -> AsyncIterator[Backends]:
    """Give all backends, with a cloud on loopback. At the end, the next start has removed what had to stay."""
    cloud = LybicCloud()
    async with ScriptedModelServer(cloud) as server:
        variables = {
            "X11_APPS": "xterm",
            "EGRESS_ALLOW": "127.0.0.1",
            "LYBIC_ORG_ID": ORGANIZATION,
            "LYBIC_API_KEY": KEY,
            "LYBIC_API_ENDPOINT": server.root,
        }
        factory = SandboxFactory(load(variables).sandboxes, runtime_dir)
        try:
            yield Backends(factory, cloud, runtime_dir)
        finally:
            await factory.stop()
        following = SandboxFactory(load(variables).sandboxes, runtime_dir)
        await following.start(_Swept())
        await following.stop()
        assert cloud.living == []
        assert files(runtime_dir) == []


def require(backend: str) -> None:
    """Skip a test whose backend cannot run here."""
    for program in PROGRAMS[backend]:
        require_program(program)
