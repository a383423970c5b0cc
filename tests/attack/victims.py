"""The service that is attacked: a process of its own, sound, or with one thing wrong inside.

python -m tests.attack.victims KIND
"""

import asyncio
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from collectors.metrics.definitions import Described, Section, gauge
from gui_agents import config as configuration
from gui_agents import grpc_app
from gui_agents.domain.actions import Action, Done, Type
from gui_agents.domain.clock import SystemClock
from gui_agents.domain.errors import ConfigError
from gui_agents.domain.model import Calls, Decision, DecisionRequest, Model
from gui_agents.domain.sandbox import Sandbox
from gui_agents.domain.spec import ModelChoice, TaskSpec
from gui_agents.domain.usage import CallOutcome, ModelCall
from gui_agents.log import log_to_stderr
from gui_agents.models.registry import ModelFactory
from gui_agents.sandboxes.registry import SandboxFactory
from gui_agents.service import Parts
from gui_agents.simulated import SimulatedSandbox
from gui_agents.trimming import set_up_heap

LONG_SECONDS = 60.0


class BlocksTheLoop(SimulatedSandbox):
    """Holds the event loop in each step."""

    async def act(self, action: Action) -> str:
        time.sleep(20)  # noqa: ASYNC251 - the fault
        return await super().act(action)


class SwallowsItsCancel(SimulatedSandbox):
    """Goes on, whoever cancels it."""

    async def act(self, action: Action) -> str:
        while True:
            try:
                await asyncio.sleep(LONG_SECONDS)
            except asyncio.CancelledError:
                continue


class SitsInTheThreadPool(SimulatedSandbox):
    """Waits in threads that nobody can stop."""

    async def act(self, action: Action) -> str:
        await asyncio.gather(*(asyncio.to_thread(time.sleep, LONG_SECONDS) for _ in range(8)))
        return "woke up"


class RaisesAnything(SimulatedSandbox):
    """Raises what is no Exception."""

    async def act(self, action: Action) -> str:
        raise SystemExit(f"planned at {time.monotonic_ns()}")


class HangsInClose(SimulatedSandbox):
    """Does not close."""

    async def close(self, *, destroy: bool) -> None:
        await asyncio.sleep(LONG_SECONDS)


class Faulty(SandboxFactory):
    """Makes faulty desktops."""

    def __init__(self, config: Any, kind: Callable[[], Sandbox]) -> None:
        super().__init__(config)
        self._kind = kind

    def create(self, spec: TaskSpec) -> Sandbox:
        return self._kind()


class Typist:
    """A model that types much in each step, and ends only if the instruction begins with `end`."""

    provider = "builtin"
    takes_screenshots = False

    def __init__(self, seconds: float, text: str) -> None:
        self._seconds = seconds
        self._text = text
        self._turn = 0

    async def decide(self, request: DecisionRequest, calls: Calls) -> Decision:
        await asyncio.sleep(self._seconds)
        self._turn += 1
        calls.model_called(ModelCall(self.provider, "typist", CallOutcome.OK, None, 0.0))
        if request.instruction == "end":
            return Decision((Done("ended"),), "asked to")
        if request.instruction.startswith("end"):
            return Decision((Done(self._text),), self._text)
        return Decision((Type(f"{self._turn} {self._text}"),), self._text)

    async def close(self) -> None:
        pass


class Typists(ModelFactory):
    """Makes typists."""

    def __init__(self, config: configuration.Config, seconds: float, text: str) -> None:
        super().__init__(config.defaults, config.models, SystemClock())
        self._make = lambda: Typist(seconds, text)

    def create(self, choice: ModelChoice) -> Model:
        return self._make()


def hang(_subject: object) -> Mapping[str, float]:
    time.sleep(LONG_SECONDS)
    return {}


def leave(_subject: object) -> Mapping[str, float]:
    raise SystemExit("planned")


def endless(_subject: object) -> Mapping[str, float]:
    return Endless()  # type: ignore[return-value]


class Endless(dict[str, float]):
    """Has no last item."""

    def items(self) -> Iterator[tuple[str, float]]:  # type: ignore[override]
        turn = 0
        while True:
            turn += 1
            yield str(turn), 1.0


def section(name: str, read: Callable[[object], Any]) -> Section[object]:
    metric = gauge(
        f"attack_{name}", "A metric of an embedder.", read, labels={"what": Described("anything")}, example=""
    )
    return Section(name=f"attack_{name}", metrics=(metric,), subject=object())


SANDBOXES: Mapping[str, Callable[[], Sandbox]] = {
    "blocks the loop": BlocksTheLoop,
    "swallows its cancel": SwallowsItsCancel,
    "sits in the thread pool": SitsInTheThreadPool,
    "raises anything": RaisesAnything,
    "hangs in close": HangsInClose,
}
SECTIONS: Mapping[str, Callable[[object], Any]] = {"hangs": hang, "leaves": leave, "endless": endless}


def main(kind: str) -> int:
    config = configuration.load(os.environ)
    parts, sections = Parts(), ()
    match kind:
        case "plain":
            pass
        case "sections":
            sections = tuple(section(name, read) for name, read in SECTIONS.items())
        case "busy typists":
            parts = Parts(models=Typists(config, 0.02, "x" * 60))
        case "heavy typists":
            parts = Parts(models=Typists(config, 0.02, "\U0001f600" * 9_900))
        case _:
            parts = Parts(sandboxes=Faulty(config.sandboxes, SANDBOXES[kind]))
    set_up_heap()
    log_to_stderr(config.process.log_level, config.process.log_format)
    try:
        grpc_app.run(config, parts, sections)
    except ConfigError as error:
        sys.exit(str(error))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
