"""One attack on a fresh service: scrapes and an honest client in the midst of it, then SIGTERM."""

import asyncio
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import attrs
import grpc
import psutil

from gui_agents.proto import agent_pb2 as pb
from gui_agents.proto import agent_pb2_grpc as pb_grpc
from tests.attack.attack import Attack, Tally, Target, attacking
from tests.bench.soak import samples

SCRAPES = 200
SCRAPE_SECONDS = 10.0
"""After which a scrape has failed, as Prometheus sees it by default."""
P99_SECONDS = 1.0
DRAIN_SECONDS = 2
END_SECONDS = DRAIN_SECONDS + 5.0
START_SECONDS = 30.0
STRENGTH_SECONDS = 60.0
NEW_CONNECTION_EVERY = 4
"""Of the scrapes, as of a scraper that has lost its connection; the others use the one they have."""


@attrs.define
class Findings:
    """What was seen during one attack."""

    name: str
    tried: int = 0
    latencies: list[float] = attrs.field(factory=list)
    """Seconds of each scrape that was answered."""
    failed: list[str] = attrs.field(factory=list)
    """Why a scrape was not."""
    honest: list[str] = attrs.field(factory=list)
    """What an honest client was told, other than an answer or that there is no room."""
    loop_seconds: float = 0.0
    """The most that the event loop's heartbeat was late when it was looked at."""
    before_bytes: int = 0
    peak_bytes: int = 0
    end_seconds: float = 0.0
    """From SIGTERM to the end of the process."""
    seconds: float = 0.0
    """Of all of it."""
    broken: list[str] = attrs.field(factory=list)
    """Whatever else went wrong."""

    @property
    def p99(self) -> float:
        ordered = sorted(self.latencies)
        return ordered[int(len(ordered) * 0.99)] if ordered else SCRAPE_SECONDS

    def problems(self) -> list[str]:
        """Return what the service has not survived."""
        found = list(self.broken)
        if self.failed:
            found.append(f"{len(self.failed)} scrapes failed: {self.failed[0]}")
        if self.p99 >= P99_SECONDS:
            found.append(f"p99 of the scrapes is {self.p99:.2f} s")
        if self.honest:
            found.append(f"{len(self.honest)} honest calls failed: {self.honest[0]}")
        if self.end_seconds > END_SECONDS:
            found.append(f"SIGTERM took {self.end_seconds:.1f} s")
        return found


def besiege(attack: Attack, share: float) -> Findings:
    """Carry out one attack at `share` of its full size, and say what was seen."""
    findings = Findings(attack.name)
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as name, fresh_service(attack, Path(name)) as (process, ports):
        target = Target(ports["grpc"], ports["metrics"], share)
        memory = psutil.Process(process.pid)
        findings.before_bytes = memory.memory_info().rss
        with attacking(attack, target) as (tally, attacker):
            asyncio.run(_hold_out(attack, target, tally, memory, findings))
            if not attacker.is_alive():
                findings.broken.append(f"the attacker ended with {attacker.exitcode}")
            began = time.monotonic()
            process.terminate()
            try:
                process.wait(END_SECONDS + 10)
            except subprocess.TimeoutExpired:
                findings.broken.append("it did not end")
            findings.end_seconds = time.monotonic() - began
            findings.tried = tally.number
        if (Path(name) / "ports.json").exists():
            findings.broken.append("ports.json was left behind")
    findings.seconds = time.monotonic() - started
    return findings


@contextlib.contextmanager
def fresh_service(attack: Attack, directory: Path) -> Iterator[tuple[subprocess.Popen[bytes], Mapping[str, int]]]:
    """Run a fresh service."""
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.environ.get("PYTHONPATH", ""),
        "GRPC_PORT": "0",
        "ENABLE_PROMETHEUS": "true",
        "PROMETHEUS_PORT": "0",
        "RUNTIME_DIR": str(directory),
        "DRAIN_SECONDS": str(DRAIN_SECONDS),
        **attack.environment,
        **attack.prepare(directory),
    }
    command = [sys.executable, "-m", "tests.attack.victims", attack.victim]
    with contextlib.ExitStack() as stack:
        log = stack.enter_context((directory / "log").open("w+b")) if attack.log_is_read else subprocess.PIPE
        process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stderr=log)
        try:
            yield process, _ports(process, directory)
        finally:
            process.kill()
            process.wait()


def _ports(process: subprocess.Popen[bytes], directory: Path) -> Mapping[str, int]:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError):
            return dict(json.loads((directory / "ports.json").read_text(encoding="utf-8")))
        time.sleep(0.02)
    log = directory / "log"
    raise RuntimeError(f"the service did not start: {log.read_text() if log.exists() else 'its log is not read'}")


async def _hold_out(attack: Attack, target: Target, tally: Tally, memory: psutil.Process, findings: Findings) -> None:
    try:
        await tally.strong(STRENGTH_SECONDS)
    except TimeoutError:
        findings.broken.append(f"the attack did not come to its full size; it tried {tally.number}")
    stopped = asyncio.Event()
    honest = asyncio.create_task(_be_honest(attack, target, stopped, findings))
    await _scrape(attack, target, memory, findings)
    stopped.set()
    await honest


async def _scrape(attack: Attack, target: Target, memory: psutil.Process, findings: Findings) -> None:
    """Scrape as Prometheus does, a few times a second."""
    scraper = _Scraper(target.metrics_port, attack.headers)
    for turn in range(target.size(SCRAPES)):
        if turn % NEW_CONNECTION_EVERY == 0:
            scraper.close()
        began = time.monotonic()
        try:
            async with asyncio.timeout(SCRAPE_SECONDS):
                page = await scraper.page()
        except (OSError, EOFError, ValueError, TimeoutError) as error:
            findings.failed.append(f"{type(error).__name__} {error}")
            scraper.close()
        else:
            findings.latencies.append(time.monotonic() - began)
            findings.loop_seconds = max(findings.loop_seconds, samples(page)["agent_event_loop_lag_seconds"])
        findings.peak_bytes = max(findings.peak_bytes, memory.memory_info().rss)
        await asyncio.sleep(0.03)
    scraper.close()


class _Scraper:
    """A client of the metrics port with one connection, which it opens when it has none."""

    def __init__(self, port: int, headers: Mapping[str, str]) -> None:
        self._port = port
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        self._request = f"GET /metrics HTTP/1.1\r\nHost: localhost:{port}\r\n{lines}\r\n".encode()
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def page(self) -> str:
        """Return the page.

        Raises:
            ValueError: it is no page.
            OSError, EOFError: the connection was refused, or ended.
        """
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port, limit=2**20)
        reader, writer = self._streams
        writer.write(self._request)
        status, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in lines if line)
        page = (await reader.readexactly(int(headers["content-length"]))).decode()
        if " 200 " not in status:
            raise ValueError(f"{status}: {page[:200]}")
        return page

    def close(self) -> None:
        """Close the connection, if there is one."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


async def _be_honest(attack: Attack, target: Target, stopped: asyncio.Event, findings: Findings) -> None:
    """Call as a client does that has nothing to do with the attack, over connections of its own."""
    while not stopped.is_set():
        options = (("grpc.use_local_subchannel_pool", 1),)
        async with grpc.aio.insecure_channel(target.address, options=options) as channel:
            try:
                await pb_grpc.AgentStub(channel).GetAgentInfo(pb.GetAgentInfoRequest(), timeout=5)
            except grpc.aio.AioRpcError as error:
                if not attack.calls_may_be_refused:
                    findings.honest.append(f"{error.code().name} {error.details()}")
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stopped.wait(), 0.2)
