"""A sandbox in the cloud from its making to its deletion, or one whose id a client gave, which is never deleted.

Making one is a task of its own, which a cancelled `take` does not cancel: its answer has the id, without which nothing
could be deleted. If no answer comes, the sandbox is looked for by its name, which no other one has.
"""

import asyncio
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from gui_agents.domain.cloud import SandboxKind
from gui_agents.domain.sandbox import SandboxError
from gui_agents.jail.supervisor import Note
from gui_agents.sandboxes.lybic.answers import Sandbox, Shape
from gui_agents.sandboxes.lybic.api import LybicAPI
from gui_agents.sandboxes.lybic.failures import FailedCallError, Trouble
from gui_agents.sandboxes.lybic.life import Life

NAME: Final = "gui-agents-"
"""What the names of our sandboxes begin with."""
START_SECONDS: Final = 300.0
"""That a sandbox may take until it runs."""
POLL_SECONDS: Final = 1.0
ANSWER_SECONDS: Final = 4.0
"""That giving a sandbox back waits for the answer to its creation."""
RUNNING: Final = "RUNNING"
ENDED: Final = frozenset({"STOPPED", "ERROR"})


def new_name() -> str:
    """Return a name that no other sandbox has."""
    return f"{NAME}{uuid.uuid4().hex}"


class Lease:
    """One sandbox. `given` is the id that a client gave; without it one of `kind` is made, called `name`.

    Every method raises FailedCallError if Lybic does not do what is asked.
    """

    def __init__(
        self, api: LybicAPI, kind: SandboxKind, *, name: str, life_seconds: int, default_shape: str, given: str | None
    ) -> None:
        self.name: Final = name
        self.sandbox_id = given
        """None until it is known."""
        self._api = api
        self._kind = kind
        self._life_seconds = life_seconds
        self._default_shape = default_shape
        self._given = given
        self._making: asyncio.Task[Sandbox] | None = None
        self._note: Note | None = None

    async def take(self, note: Callable[[], Note | None]) -> tuple[Sandbox, Life | None]:
        """Make the sandbox, or find it; wait until it runs. Return it, and its life if that is known.

        `note` writes down that it is about to be made; its note is closed when the sandbox is deleted.

        Raises:
            SandboxError: it is not what is wanted, or does not run in time.
        """
        now = asyncio.get_running_loop().time()
        if self._given is not None:
            found = await self._api.sandbox(self._given)
            left = _seconds_between(datetime.now(UTC), found.expires_at)
        else:
            shape = await self._shape()
            self._note = note()
            self._making = asyncio.create_task(self._made(shape), name=f"make {self.name}")
            found = await asyncio.shield(self._making)
            granted = _seconds_between(found.created_at, found.expires_at)
            left = self._life_seconds if granted is None else min(granted, self._life_seconds)
        life = None
        if left is not None:
            life = Life(found.sandbox_id, self._extend, self._life_seconds, ends=now + left)
        await self._running(found)
        return await self._known(found), life

    async def give_back(self, *, destroy: bool) -> None:
        """Delete the sandbox if it was made here. May be cancelled; then nothing goes on.

        Raises:
            SandboxError: it is not known whether it was made.
        """
        try:
            if self._making is not None and not self._making.done():
                await asyncio.wait({self._making}, timeout=ANSWER_SECONDS)
        finally:
            await self._stop_making()
        if self._given is not None or self._making is None or not destroy:
            return
        if self.sandbox_id is None and not self._was_refused():
            await self._find()
        if self.sandbox_id is not None:
            await self._api.delete(self.sandbox_id)
        if self._note is not None:
            self._note.close()

    async def status(self) -> str:
        """Return what Lybic says of the sandbox; an empty text if it knows none."""
        try:
            return await self._api.status(self.sandbox_id or "")
        except FailedCallError as failed:
            if failed.trouble is Trouble.MISSING:
                return ""
            raise

    async def _shape(self) -> str:
        kind = self._kind
        if kind.is_open:
            return self._default_shape
        if kind == SandboxKind(shape=kind.shape):
            return kind.shape
        shapes = await self._api.shapes()
        fitting = [shape.name for shape in shapes if shape.is_of(kind)]
        if not fitting:
            raise SandboxError(
                f"sandbox: Lybic has no shape that is {_words(kind)}; its shapes are: {_listed(shapes) or 'none'}"
            )
        return self._default_shape if self._default_shape in fitting else fitting[0]

    async def _made(self, shape: str) -> Sandbox:
        try:
            made = await self._api.create(self.name, shape, self._life_seconds)
        except FailedCallError as failed:
            if failed.trouble is Trouble.REFUSED:
                hint = f"the shape was {shape}; sandbox.shapeName or LYBIC_SHAPE names another one"
                raise FailedCallError(f"{failed}; {hint}", failed.trouble, undone=failed.undone) from failed
            if failed.undone or not await self._find():
                raise
            made = await self._api.sandbox(self.sandbox_id or "")
        self.sandbox_id = made.sandbox_id
        return made

    async def _find(self) -> bool:
        """Look for the sandbox by its name. Return whether there is one."""
        self.sandbox_id = next(iter(await self._api.named(self.name)), None)
        return self.sandbox_id is not None

    def _was_refused(self) -> bool:
        """Tell whether nothing was made for sure."""
        making = self._making
        if making is None or making.cancelled():
            return False
        error = making.exception()
        return isinstance(error, FailedCallError) and error.undone

    async def _stop_making(self) -> None:
        if self._making is not None:
            self._making.cancel()
            await asyncio.gather(self._making, return_exceptions=True)

    async def _running(self, found: Sandbox) -> None:
        """Wait until the sandbox runs."""
        status = found.status
        try:
            async with asyncio.timeout(START_SECONDS):
                while status != RUNNING:
                    if status in ENDED:
                        raise SandboxError(f"the sandbox {found.sandbox_id} does not run: Lybic says {status}")
                    status = await self._api.status(found.sandbox_id)
                    if status not in {RUNNING, *ENDED}:
                        await asyncio.sleep(POLL_SECONDS)
        except TimeoutError:
            problem = f"did not run within {START_SECONDS:g} s: Lybic says {status or 'nothing'}"
            raise SandboxError(f"the sandbox {found.sandbox_id} {problem}") from None

    async def _known(self, found: Sandbox) -> Sandbox:
        """Return the sandbox with its system and its shape, which not every answer tells; check what was wanted."""
        if found.os is None or not found.shape:
            found = await self._api.sandbox(found.sandbox_id)
        wanted = self._kind
        if self._given is not None:
            for field, given, real in (("os", wanted.os, found.os), ("shapeName", wanted.shape, found.shape)):
                if given and real and given != real:
                    raise SandboxError(f"sandbox.{field}: the sandbox {self._given} is {real}, and not {given}")
        return found

    async def _extend(self, seconds: int) -> None:
        await self._api.extend(self.sandbox_id or "", seconds)


def _seconds_between(begin: datetime | None, end: datetime | None) -> float | None:
    if begin is None or end is None:
        return None
    return max(0.0, (end - begin).total_seconds())


def _words(kind: SandboxKind) -> str:
    wanted = (kind.shape, kind.os, kind.virtualization, kind.architecture)
    return " and ".join(
        [*(str(each) for each in wanted if each), *(["hardware-encoding"] if kind.hardware_encoding else [])]
    )


def _listed(shapes: list[Shape]) -> str:
    return ", ".join(f"{shape.name} ({shape.os or 'unknown system'})" for shape in shapes[:20])
