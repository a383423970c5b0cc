"""One service process after the other, on the same directory."""

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import Mapping
from pathlib import Path

START_SECONDS = 60.0
STOP_SECONDS = 30.0


class Life:
    """A service from its start to its end. Its log goes to a file of its own."""

    def __init__(self, directory: Path, number: int, environment: Mapping[str, str]) -> None:
        self.number = number
        self.log = directory / f"log-{number}.txt"
        self.runtime_dir = directory / "runtime"
        self._environment = environment
        self._process: Process | None = None
        self.ports: dict[str, int] = {}

    async def spawn(self) -> None:
        """Start the process, and return before it serves."""
        (self.runtime_dir / "ports.json").unlink(missing_ok=True)
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": os.environ.get("PYTHONPATH", ""),
            "HOME": str(self.runtime_dir.parent),
            "ENABLE_PROMETHEUS": "true",
            "GRPC_PORT": "0",
            "PROMETHEUS_PORT": "0",
            "RUNTIME_DIR": str(self.runtime_dir),
            "LOG_LEVEL": "WARNING",
            **self._environment,
        }
        with self.log.open("wb") as log:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "gui_agents.grpc_app"),
                env=environment,
                cwd=self.runtime_dir.parent,
                stdout=log,
                stderr=log,
            )

    async def serving(self) -> None:
        """Return once the service serves.

        Raises:
            AssertionError: it has ended instead.
        """
        assert self._process is not None
        ports = self.runtime_dir / "ports.json"
        async with asyncio.timeout(START_SECONDS):
            while not ports.exists():
                assert self._process.returncode is None, self.log.read_text("utf-8")
                await asyncio.sleep(0.01)
        self.ports = json.loads(ports.read_text("utf-8"))

    @property
    def pid(self) -> int:
        """The id of the process."""
        assert self._process is not None
        return self._process.pid

    def signal(self, number: int) -> None:
        """Send a signal to the process."""
        assert self._process is not None
        if self._process.returncode is None:
            self._process.send_signal(number)

    async def kill(self) -> None:
        """End the process as a crash does."""
        self.signal(signal.SIGKILL)
        await self.ended()

    async def stop(self) -> int:
        """End the process in good order; return its exit status."""
        self.signal(signal.SIGTERM)
        return await self.ended()

    async def ended(self) -> int:
        """Return the exit status of the process, once it has ended."""
        assert self._process is not None
        async with asyncio.timeout(STOP_SECONDS):
            return await self._process.wait()

    def defects(self) -> list[str]:
        """Return the lines of the log that only defects write."""
        lines = self.log.read_text("utf-8", "replace").splitlines()
        return [line for line in lines if "Traceback" in line or " ERROR " in line or " CRITICAL " in line]
