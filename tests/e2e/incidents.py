"""Five incidents of a real service, as its status page shows them in a real browser.

`python -m tests.e2e.incidents DIRECTORY` takes a picture of each, light and dark, on a desktop and on a phone.
`python -m tests.e2e.incidents docs/images --everyday` takes those of the documentation: a service that works.
"""

import asyncio
import contextlib
import json
import sys
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import attrs

from gui_agents.client import AgentClient, CallError, TaskOrder
from gui_agents.grpc_app import App
from tests.browser import Browser, Tab, running_browser
from tests.scripted_model import Answer, RecordedRequest, running_in_thread, tool_call, usage
from tests.serving import configured
from tools.gallery import small

CLOSED_PORT: Final = 9
"""Of loopback, on which nothing listens."""
WELL: Final = "Calculate 12*7+5"
BADLY: Final = "Book me a flight to Paris"
EVERYDAY_SECONDS: Final = 200.0
READINGS_SECONDS: Final = 5.0
"""In which an open page has read the numbers at least twice."""
ASK_NOW: Final = "document.dispatchEvent(new Event('visibilitychange'))"
SIZES: Final = {"desktop": (1280, 900, False), "phone": (390, 844, True)}
MODEL_DOWN: Final = {
    "DEFAULT_MODEL": "openai/gpt-4o",
    "OPENAI_API_KEY": "sk-of-nobody",
    "OPENAI_BASE_URL": f"http://127.0.0.1:{CLOSED_PORT}/v1",
    "MODEL_ENDPOINT_ALLOW": "127.0.0.1",
}


@attrs.frozen
class Scene:
    """A running service whose page is open."""

    app: App
    tab: Tab

    async def run(self, *instructions: str) -> None:
        """Run tasks to their ends, one after the other."""
        async with AgentClient(f"127.0.0.1:{self.app.service.port}") as client:
            for instruction in instructions:
                async for _ in client.run(TaskOrder(instruction=instruction)):
                    pass

    async def start(self, *instructions: str) -> None:
        """Submit tasks; what is refused is refused."""
        async with AgentClient(f"127.0.0.1:{self.app.service.port}") as client:
            for instruction in instructions:
                with contextlib.suppress(CallError):
                    await client.start(TaskOrder(instruction=instruction))

    async def told(self, badge: str) -> None:
        """Return when the page's badge says this."""
        self.tab.evaluate(ASK_NOW)
        await asyncio.to_thread(self.tab.wait_for_text, "#pill", badge)


@asynccontextmanager
async def scene(browser: Browser, settings: Mapping[str, str]) -> AsyncIterator[Scene]:
    """Run a service, and open its page."""
    with tempfile.TemporaryDirectory() as directory, browser.tab() as tab:
        app = App(configured({"ENABLE_PROMETHEUS": "true", "RUNTIME_DIR": directory, **settings}))
        await app.start()
        try:
            url = f"http://127.0.0.1:{app.metrics_port}/"
            await asyncio.to_thread(tab.open, url)
            await asyncio.to_thread(tab.wait_for_text, "#pill", "Taking tasks")
            yield Scene(app, tab)
        finally:
            await app.stop()


Look = Callable[[Tab], None]


async def all_tasks_fail(browser: Browser, look: Look) -> None:
    async with scene(browser, {}) as here:
        await here.run(*[WELL] * 3, *[BADLY] * 12)
        await here.told("Most tasks fail")
        await asyncio.to_thread(look, here.tab)


async def queue_full(browser: Browser, look: Look) -> None:
    slow = "Wait 60 seconds"
    async with scene(browser, {"TASK_MAX_TASKS": "2", "TASK_QUEUE_SIZE": "4"}) as here:
        await here.run(*[WELL] * 3)
        await here.start(*[slow] * 9)
        await here.told("Queue is full")
        await asyncio.to_thread(look, here.tab)


async def model_down(browser: Browser, look: Look) -> None:
    async with scene(browser, MODEL_DOWN) as here:
        await here.run(*[WELL] * 3)
        await here.told("Model does not answer")
        # The badge turns with the third call, and the tasks' tile with the third task.
        await asyncio.to_thread(here.tab.wait_for, "document.querySelector('#tile-success.bad') !== null")
        await asyncio.to_thread(look, here.tab)


async def loop_blocked(browser: Browser, look: Look) -> None:
    async with scene(browser, {}) as here:
        await here.run(*[WELL] * 3)
        seen = threading.Event()

        def watch() -> None:
            try:
                here.tab.wait_for_text("#pill", "Event loop is blocked")
                look(here.tab)
            finally:
                seen.set()

        watching = asyncio.create_task(asyncio.to_thread(watch))
        await asyncio.sleep(0.1)
        deadline = time.monotonic() + 40
        while not seen.is_set() and time.monotonic() < deadline:
            time.sleep(0.05)  # noqa: ASYNC251 - the fault
        await watching
        await here.told("Event loop was blocked")


async def service_gone(browser: Browser, look: Look) -> None:
    async with scene(browser, {}) as here:
        await here.run(*[WELL] * 3)
        await asyncio.sleep(READINGS_SECONDS)
        await here.app.stop()
        await here.told("Not answering")
        await asyncio.to_thread(look, here.tab)


async def everyday(browser: Browser, look: Look) -> None:
    """Some minutes of a service whose model needs seconds to decide and whose tasks do not all succeed."""

    def decide(request: RecordedRequest) -> Answer:
        turn = request.index
        actions = ({"action": "click", "x": 100 + turn, "y": 300}, {"action": "done", "message": "It is done."})
        action = {"action": "fail", "message": "There is no such file."} if turn % 29 == 0 else actions[turn % 3 > 0]
        return tool_call(action, usage=usage(2400 + 17 * (turn % 40), 90)).after(0.4 + 0.3 * (turn % 7))

    with running_in_thread(decide) as server, tempfile.NamedTemporaryFile("w", suffix=".json") as prices:
        # Known prices hold at the vendor's own address alone.
        json.dump({"gpt-4o-mini": {"input": 0.15, "output": 0.6}}, prices)
        prices.flush()
        settings = {**MODEL_DOWN, "DEFAULT_MODEL": "openai/gpt-4o-mini", "OPENAI_BASE_URL": server.base_url}
        settings["MODEL_PRICES_FILE"] = prices.name
        async with scene(browser, {**settings, "TASK_QUEUE_SIZE": "20"}) as here:
            began, number = time.monotonic(), 0
            while time.monotonic() < began + EVERYDAY_SECONDS:
                number += 1
                await here.start(*[f"Rename file {number}"] * (1 if number % 9 else 8))
                # Its events are taken in meanwhile, or the connection to the browser would end.
                await asyncio.to_thread(here.tab.evaluate, "0")
                await asyncio.sleep(1.1)
            await here.told("Taking tasks")
            await asyncio.to_thread(look, here.tab)


INCIDENTS: Final = {
    "all-tasks-fail": all_tasks_fail,
    "queue-full": queue_full,
    "model-down": model_down,
    "loop-blocked": loop_blocked,
    "service-gone": service_gone,
}


def photographer(directory: Path, name: str) -> Look:
    """Return what takes the pictures of an incident."""

    def look(tab: Tab) -> None:
        for device, (width, height, touch) in SIZES.items():
            tab.resize(width, height, touch=touch)
            for scheme in ("light", "dark"):
                tab.prefer(prefers_color_scheme=scheme)
                tab.evaluate("new Promise((resolve) => setTimeout(resolve, 500))")
                tab.screenshot(directory / f"{name}-{device}-{scheme}.png")
        tab.screenshot(directory / f"{name}-phone-whole.png", whole=True)

    return look


def illustrator(directory: Path) -> Look:
    """Return what takes the pictures of the documentation."""

    def look(tab: Tab) -> None:
        tab.resize(1280, 1150)
        for scheme in ("light", "dark"):
            tab.prefer(prefers_color_scheme=scheme)
            tab.evaluate("new Promise((resolve) => setTimeout(resolve, 500))")
            picture = directory / f"status-page-{scheme}.png"
            tab.screenshot(picture)
            picture.write_bytes(small(picture.read_bytes()))

    return look


async def main(directory: Path, *, of_everyday: bool) -> None:
    """Take all pictures."""
    with running_browser() as browser:
        if of_everyday:
            await everyday(browser, illustrator(directory))
            return
        for name, incident in INCIDENTS.items():
            await incident(browser, photographer(directory, name))


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.mkdir(parents=True, exist_ok=True)
    asyncio.run(main(target, of_everyday="--everyday" in sys.argv[2:]))
