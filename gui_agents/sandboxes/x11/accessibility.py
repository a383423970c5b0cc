"""The accessibility trees of a desktop's programs, read over AT-SPI.

Theory of operation. Programs answer calls on the accessibility bus, one process each, in their main loops: what hangs
does not answer. So each program has its own limit of time, and what it has not told by then is left out and marked;
the next time, one that did not answer is asked only briefly. Only nodes that are showing are followed. The number of
nodes, their children, their depth and their texts are bounded; the bus itself bounds the size of a message.
"""

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Any, Final

import attrs
from dbus_fast import AuthError, Message, MessageType
from dbus_fast.aio import MessageBus
from dbus_fast.auth import Authenticator

from gui_agents.domain.screen import Bounds
from gui_agents.sandboxes.x11.roles import EDITABLE_ROLES, LEAVES, LEFT_OUT, TEXT_ROLES, VALUE_ROLES, Role, State

CALLS_IN_FLIGHT: Final = 16
"""Measured: without a bound, most reads of a larger tree lose calls."""
PROGRAM_SECONDS: Final = 1.5
HUNG_SECONDS: Final = 0.2
"""How long a program may take to say that it lives, if it has not answered in time before."""
CLOSE_SECONDS: Final = 1.0
MAX_PROGRAMS: Final = 60
MAX_NODES: Final = 1000
MAX_CHILDREN: Final = 200
MAX_DEPTH: Final = 40
MAX_TEXT: Final = 2000

_SCREEN: Final = 0
"""Positions are relative to the screen."""
_PREFIX: Final = "org.a11y.atspi."
_ROOT: Final = "/org/a11y/atspi/accessible/root"
_REGISTRY: Final = "org.a11y.atspi.Registry"
_LABELLED_BY: Final = 2

Reference = tuple[str, str]
"""The bus name of a program, and the path of one of its nodes."""


class CallError(Exception):
    """A program answers a call with an error."""


@attrs.define
class Node:
    """What a program tells of one element."""

    role: int
    name: str
    states: int
    """One bit for each of `State`."""
    bounds: Bounds | None
    text: str = ""
    value: float | None = None
    children: list["Node | None"] = attrs.Factory(list)
    """None for one that is not showing, or has not been read."""
    cut: bool = False
    """Whether it has more children than were read."""

    def has(self, state: State) -> bool:
        """Tell whether it is in a state."""
        return bool(self.states >> state & 1)


@attrs.define
class Program:
    """One program on the accessibility bus."""

    bus_name: str
    windows: list[Node | None] = attrs.Factory(list)
    hung: bool = False
    """Whether it has not answered in time, so that `windows` may lack something."""


class Accessibility:
    """A connection to the accessibility bus of one desktop."""

    def __init__(self, bus: MessageBus) -> None:
        self._bus = bus
        self._ending = asyncio.create_task(_ended(bus))
        self._hung: set[str] = set()

    @classmethod
    async def open(cls, address: str, auth: Authenticator | None = None) -> "Accessibility":
        """Connect to the bus that listens at an address of D-Bus; by default, as the user of this process.

        Raises:
            OSError: it does not.
        """
        bus = MessageBus(bus_address=address, auth=auth)
        try:
            return cls(await bus.connect())
        except BaseException as error:
            bus.disconnect()
            if isinstance(error, AuthError | EOFError):
                raise ConnectionError(f"the accessibility bus does not let us in: {error}") from error
            raise

    async def programs(self) -> list[Program]:
        """Return the programs with what they show; none if their registry does not answer."""
        try:
            async with asyncio.timeout(PROGRAM_SECONDS):
                (references,) = await self.call((_REGISTRY, _ROOT), "Accessible", "GetChildren")
        except (CallError, TimeoutError):
            return []
        programs = [Program(name) for name, _ in references[:MAX_PROGRAMS]]
        reading = _Reading(self)
        await asyncio.gather(*(self._read(program, reading) for program in programs))
        self._hung = {program.bus_name for program in programs if program.hung}
        return programs

    async def _read(self, program: Program, reading: "_Reading") -> None:
        try:
            with contextlib.suppress(CallError):  # it has ended
                if program.bus_name in self._hung:
                    async with asyncio.timeout(HUNG_SECONDS):
                        await self.call((program.bus_name, _ROOT), "Accessible", "GetRole")
                async with asyncio.timeout(PROGRAM_SECONDS):
                    await reading.windows(program)
        except TimeoutError:
            program.hung = True

    async def close(self) -> None:
        """End the connection. A second call does nothing."""
        self._bus.disconnect()
        await asyncio.wait([self._ending], timeout=CLOSE_SECONDS)

    async def call(
        self, reference: Reference, interface: str, member: str, signature: str = "", body: Sequence[Any] = ()
    ) -> list[Any]:
        """Call a method of a node, and return what it returns.

        Raises:
            CallError: the program answers with an error, or is gone.
        """
        if not self._bus.connected:
            raise CallError("the accessibility bus has ended")
        name = interface if "." in interface else _PREFIX + interface
        message = Message(
            destination=reference[0],
            path=reference[1],
            interface=name,
            member=member,
            signature=signature,
            body=list(body),
        )
        try:
            answer = await self._bus.call(message)
        except (OSError, EOFError) as error:
            raise CallError(f"the accessibility bus has ended: {error}") from error
        if answer is None or answer.message_type is MessageType.ERROR:
            raise CallError("" if answer is None else f"{answer.error_name}")
        return list(answer.body)


def _is_leaf(node: Node) -> bool:
    """Tell whether there is nothing to see below a node; a menu that is closed lists its items all the same."""
    is_closed = node.role == Role.MENU and not node.has(State.SELECTED)
    return is_closed or node.role in LEFT_OUT or (node.role in LEAVES and node.name != "")


async def _ended(bus: MessageBus) -> None:
    """Wait until a bus is disconnected, for whatever reason. By a cancelled waiter it could not be awaited again."""
    with contextlib.suppress(Exception):
        await bus.wait_for_disconnect()  # type: ignore[no-untyped-call]


class _Reading:
    """One look at all programs."""

    def __init__(self, accessibility: Accessibility) -> None:
        self._accessibility = accessibility
        self._nodes_left = MAX_NODES

    async def windows(self, program: Program) -> None:
        """Read all windows of a program into it, the parents before their children."""
        slots = asyncio.Semaphore(CALLS_IN_FLIGHT)
        await _Caller(self._accessibility, slots, self).children((program.bus_name, _ROOT), program.windows, 0)

    def take(self) -> bool:
        """Take one node of those that may be read; False if there is none left."""
        self._nodes_left -= 1
        return self._nodes_left >= 0


class _Caller:
    def __init__(self, accessibility: Accessibility, slots: asyncio.Semaphore, reading: _Reading) -> None:
        self._accessibility = accessibility
        self._slots = slots
        self._reading = reading

    async def children(self, parent: Reference, into: list[Node | None], depth: int) -> bool:
        """Read the children that are showing. Return whether there are more than may be read."""
        (references,) = await self._call(parent, "Accessible", "GetChildren")
        taken = references[:MAX_CHILDREN]
        into.extend([None] * len(taken))
        await asyncio.gather(*(self._node(tuple(child), into, place, depth) for place, child in enumerate(taken)))
        return len(taken) < len(references)

    async def _node(self, reference: Reference, into: list[Node | None], place: int, depth: int) -> None:
        with contextlib.suppress(CallError):  # it has vanished
            ((low, high),) = await self._call(reference, "Accessible", "GetState")
            states = low | high << 32
            if not states >> State.SHOWING & 1 or not self._reading.take():
                return
            (role,), name, bounds = await asyncio.gather(
                self._call(reference, "Accessible", "GetRole"),
                self._property(reference, "Accessible", "Name"),
                self._bounds(reference),
            )
            node = into[place] = Node(role, str(name or ""), states, bounds)
            jobs = [self._details(reference, node)]
            if depth < MAX_DEPTH and not _is_leaf(node):
                jobs.append(self._descend(reference, node, depth))
            await asyncio.gather(*jobs)

    async def _descend(self, reference: Reference, node: Node, depth: int) -> None:
        node.cut = await self.children(reference, node.children, depth + 1)

    async def _details(self, reference: Reference, node: Node) -> None:
        if node.role in TEXT_ROLES:
            with contextlib.suppress(CallError):
                (node.text,) = await self._call(reference, "Text", "GetText", "ii", (0, MAX_TEXT))
        if node.role in VALUE_ROLES:
            value = await self._property(reference, "Value", "CurrentValue")
            node.value = value if isinstance(value, float) else None
        if node.role in EDITABLE_ROLES and not node.name:
            node.name = await self._label(reference)

    async def _label(self, reference: Reference) -> str:
        with contextlib.suppress(CallError):
            (relations,) = await self._call(reference, "Accessible", "GetRelationSet")
            for kind, targets in relations:
                if kind == _LABELLED_BY and targets:
                    return str(await self._property(tuple(targets[0]), "Accessible", "Name") or "")
        return str(await self._property(reference, "Accessible", "Description") or "")

    async def _bounds(self, reference: Reference) -> Bounds | None:
        with contextlib.suppress(CallError):
            ((x, y, width, height),) = await self._call(reference, "Component", "GetExtents", "u", (_SCREEN,))
            return Bounds(x, y, width, height)
        return None

    async def _property(self, reference: Reference, interface: str, name: str) -> Any:
        with contextlib.suppress(CallError):
            names = (_PREFIX + interface, name)
            (variant,) = await self._call(reference, "org.freedesktop.DBus.Properties", "Get", "ss", names)
            return variant.value
        return None

    async def _call(
        self, reference: Reference, interface: str, member: str, signature: str = "", body: Sequence[Any] = ()
    ) -> list[Any]:
        async with self._slots:
            return await self._accessibility.call(reference, interface, member, signature, body)
