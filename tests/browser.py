"""A headless Chromium for tests, driven over its DevTools protocol."""

import base64
import contextlib
import itertools
import json
import os
import shutil
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

from tests.system_tools import require_program

SECONDS = 40
"""After which a test has failed, rather than hang."""

FLAGS = (
    "--headless=new",
    "--remote-debugging-port=0",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--no-first-run",
    "--no-default-browser-check",
)


class Tab:
    """One page, and everything that went wrong on it."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._ids = itertools.count(1)
        self._loaded = True
        self.errors: list[str] = []
        """Errors of the console, exceptions that nobody caught, and what the policy refused."""
        self.requests: list[str] = []
        """The addresses that were asked for."""
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Run one command and return its result."""
        number = next(self._ids)
        self._connection.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            message = json.loads(self._connection.recv(timeout=SECONDS))
            if message.get("id") != number:
                self._note(message)
            elif "error" in message:
                raise RuntimeError(f"{method}: {message['error']['message']}")
            else:
                return dict(message["result"])

    def open(self, url: str) -> None:
        """Go to an address, and wait until the page and all that it names is loaded."""
        self._loaded = False
        self.call("Page.navigate", url=url)
        while not self._loaded:
            self._note(json.loads(self._connection.recv(timeout=SECONDS)))

    def evaluate(self, expression: str) -> Any:
        """Return the value of an expression; of a promise, what it resolves to."""
        reply = self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in reply:
            raise RuntimeError(reply["exceptionDetails"]["exception"].get("description", "an exception"))
        return reply["result"].get("value")

    def wait_for(self, condition: str) -> None:
        """Wait until a condition holds, across navigations."""
        deadline = time.monotonic() + SECONDS
        script = f"""new Promise((resolve) => {{
          let tries = 100;
          const look = () => ({condition}) ? resolve(true) : --tries > 0 ? setTimeout(look, 10) : resolve(false);
          look();
        }})"""
        while time.monotonic() < deadline:
            with contextlib.suppress(RuntimeError):
                if self.evaluate(script):
                    return
        raise AssertionError(f"never true: {condition}; errors: {self.errors}")

    def text(self, selector: str) -> str:
        """Return the text of the first element that a selector finds."""
        return str(self.evaluate(f"document.querySelector({json.dumps(selector)}).textContent"))

    def wait_for_text(self, selector: str, text: str) -> None:
        """Wait until an element's text contains another."""
        self.wait_for(f"document.querySelector({json.dumps(selector)})?.textContent.includes({json.dumps(text)})")

    def resize(self, width: int, height: int, *, touch: bool = False) -> None:
        """Give the page a size in pixels."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=touch)

    def prefer(self, **features: str) -> None:
        """Set media features, such as `prefers_color_scheme="dark"`."""
        wanted = [{"name": name.replace("_", "-"), "value": value} for name, value in features.items()]
        self.call("Emulation.setEmulatedMedia", features=wanted)

    def without_scripts(self) -> None:
        """Run no scripts on the pages that are opened from now on."""
        self.call("Emulation.setScriptExecutionDisabled", value=True)

    def accessibility(self) -> list[dict[str, Any]]:
        """Return the nodes of the accessibility tree that are not ignored."""
        return [node for node in self.call("Accessibility.getFullAXTree")["nodes"] if not node["ignored"]]

    def screenshot(self, path: Path, *, whole: bool = False) -> None:
        """Write a picture of the page; a whole one goes beyond the window."""
        picture = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(picture["data"]))

    def _note(self, message: dict[str, Any]) -> None:
        parameters = message.get("params", {})
        match message.get("method"):
            case "Runtime.exceptionThrown":
                details = parameters["exceptionDetails"]
                self.errors.append(details.get("exception", {}).get("description") or details["text"])
            case "Runtime.consoleAPICalled" if parameters["type"] in ("error", "warning", "assert"):
                self.errors.append(" ".join(str(each.get("value")) for each in parameters["args"]))
            case "Log.entryAdded" if parameters["entry"]["level"] in ("error", "warning"):
                entry = parameters["entry"]
                self.errors.append(f"{entry['source']}: {entry['text']} {entry.get('url', '')}")
            case "Page.loadEventFired":
                self._loaded = True
            case "Network.requestWillBeSent":
                self.requests.append(parameters["request"]["url"])


class Browser:
    """A running Chromium."""

    def __init__(self, port: int) -> None:
        self._port = port

    @contextlib.contextmanager
    def tab(self) -> Iterator[Tab]:
        """Open a tab of 1280 by 800 pixels, and close it in the end."""
        target = self._ask("PUT", "/json/new?about:blank")
        with connect(target["webSocketDebuggerUrl"], max_size=2**26, compression=None) as connection:
            tab = Tab(connection)
            tab.resize(1280, 800)
            yield tab
            tab.call("Page.close")

    def _ask(self, method: str, path: str) -> dict[str, Any]:
        request = urllib.request.Request(f"http://127.0.0.1:{self._port}{path}", method=method)
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:  # noqa: S310 - loopback
            return dict(json.load(answer))


@contextlib.contextmanager
def running_browser(*more_flags: str) -> Iterator[Browser]:
    """Run a Chromium with a profile of its own; skip the test where it is not installed."""
    program = require_program("chromium")
    profile = Path(tempfile.mkdtemp(prefix="chromium-"))
    flags = [*FLAGS, *more_flags, f"--user-data-dir={profile}"]
    if os.geteuid() == 0:
        flags.append("--no-sandbox")
    with subprocess.Popen([program, *flags], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            yield Browser(_port(process, profile / "DevToolsActivePort"))
        finally:
            process.terminate()
            process.wait(SECONDS)
            shutil.rmtree(profile, ignore_errors=True)


def _port(process: subprocess.Popen[bytes], file: Path) -> int:
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        # Two lines, the port and a path; the file is there before they are.
        if file.is_file() and len(lines := file.read_text().splitlines()) == 2:
            return int(lines[0])
        time.sleep(0.02)
    raise RuntimeError(f"Chromium did not start (exit status {process.poll()})")
