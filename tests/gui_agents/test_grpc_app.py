"""The composed service: what is up when, what is off when it is off, and that a scrape always answers."""

import asyncio
import gc
import json
import socket
import sys
import threading
import time
from collections.abc import Callable

import grpc.aio
import pytest

from gui_agents import process
from gui_agents.domain.errors import ConfigError
from gui_agents.domain.packages import install_command
from gui_agents.grpc_app import App, _dangers, serve
from gui_agents.open_files import BROWSERS
from gui_agents.proto import agent_pb2 as pb
from gui_agents.proto import agent_pb2_grpc as pb_grpc
from tests.serving import SECONDS, Page, configured, scrape, serving_app

LAG = "agent_event_loop_lag_seconds"
BLOCKED = "agent_event_loop_blocked_seconds_total"


async def test_the_ports_are_told_while_the_service_is_up(tmp_path):
    async with serving_app({}, tmp_path) as served:
        ports = json.loads((tmp_path / "ports.json").read_text())
        assert ports == {"grpc": served.service.port, "metrics": served.app.metrics_port}
        page = await served.scrape()
        assert page.one("agent_task_slots") == 5
    assert not (tmp_path / "ports.json").exists()


async def test_a_lean_page_shows_zeros_only_where_a_rule_reads_them(tmp_path):
    async with serving_app({"PROMETHEUS_LEAN": "yes"}, tmp_path) as served:
        page = await served.scrape()
    assert "agent_task_failures_total" not in {name for name, _ in page}
    assert page.one("agent_tasks_created_total", status="failed") == 0


async def test_an_ipv6_address_is_logged_as_it_is_opened(tmp_path, caplog):
    caplog.set_level("INFO")
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("this machine has no IPv6 loopback")
    environment = {"ENABLE_PROMETHEUS": "true", "PROMETHEUS_HOST": "::1", "GRPC_HOST": "::1"}
    app = App(configured({"RUNTIME_DIR": str(tmp_path), **environment}))
    await app.start()
    try:
        assert f"metrics on http://[::1]:{app.metrics_port}/metrics" in caplog.text
        assert f"gRPC on [::1]:{app.service.port}" in caplog.text
    finally:
        await app.stop()


async def test_metrics_answer_until_grpc_has_stopped(tmp_path, monkeypatch):
    last: list[Page] = []
    async with serving_app({"DRAIN_SECONDS": "0"}, tmp_path) as served:
        monitoring, port, metrics_port = served.app.monitoring, served.service.port, served.app.metrics_port
        stop = monitoring.stop

        async def stop_and_look() -> None:
            with pytest.raises(ConnectionRefusedError):
                await asyncio.open_connection("127.0.0.1", port)
            last.append(await asyncio.to_thread(scrape, metrics_port))
            await stop()

        monkeypatch.setattr(monitoring, "stop", stop_and_look)
        await served.start("wait")
    assert last[0].one("agent_task_failures_total", reason="interrupted") == 1
    assert last[0].one("agent_sandboxes", sandbox_type="Simulated") == 0
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", metrics_port)


async def test_a_drain_says_not_ready(tmp_path):
    async with serving_app({}, tmp_path) as served:

        async def ready() -> str:
            reader, writer = await asyncio.open_connection("127.0.0.1", served.app.metrics_port)
            writer.write(b"GET /-/ready HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            answer = await reader.read()
            writer.close()
            return answer.split(b" ", 2)[1].decode()

        assert await ready() == "200"
        await served.service.drain()
        assert await ready() == "503"


async def test_taken_ports_are_told_line_by_line_and_nothing_stays_open(tmp_path):
    async with serving_app({}, tmp_path / "first") as served:
        taken = {"GRPC_PORT": str(served.service.port), "PROMETHEUS_PORT": str(served.app.metrics_port)}
        config = configured({"ENABLE_PROMETHEUS": "true", "RUNTIME_DIR": str(tmp_path / "second"), **taken})
        with pytest.raises(ConfigError) as failure:
            await App(config).start()
        metrics, agent = failure.value.mistakes
        assert metrics.startswith("PROMETHEUS_PORT: ")
        assert taken["PROMETHEUS_PORT"] in metrics
        assert (
            agent == f"GRPC_PORT: cannot listen on 127.0.0.1 port {taken['GRPC_PORT']}: Address already in use; "
            "free it, or set another one (0 takes a free one)"
        )
        assert not (tmp_path / "second" / "ports.json").exists()


@pytest.mark.parametrize(
    ("host", "reason"), [("203.0.113.9", "annot assign requested address"), ("no-such-name.invalid", "")]
)
async def test_a_wrong_address_is_told_under_the_variable_of_the_address(tmp_path, host, reason):
    environment = {"ENABLE_PROMETHEUS": "true", "PROMETHEUS_HOST": host, "GRPC_HOST": host, "ALLOW_INSECURE": "true"}
    with pytest.raises(ConfigError) as failure:
        await App(configured({"RUNTIME_DIR": str(tmp_path), **environment})).start()
    assert [line.partition(":")[0] for line in failure.value.mistakes] == ["PROMETHEUS_HOST", "GRPC_HOST"]
    for line in failure.value.mistakes:
        assert f"cannot listen on {host} port 0: " in line
        assert reason in line
        assert line.endswith("; name an address of this machine (0.0.0.0 is all of them)")


async def test_where_the_grpc_port_is_taken_the_metrics_port_is_closed_again(tmp_path, unused_tcp_port):
    async with serving_app({}, tmp_path / "first") as served:
        config = configured(
            {
                "ENABLE_PROMETHEUS": "true",
                "RUNTIME_DIR": str(tmp_path / "second"),
                "GRPC_PORT": str(served.service.port),
                "PROMETHEUS_PORT": str(unused_tcp_port),
            }
        )
        with pytest.raises(ConfigError, match="GRPC_PORT"):
            await App(config).start()
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", unused_tcp_port)


@pytest.fixture
def process_as_before():
    seconds = sys.getswitchinterval()
    yield
    sys.setswitchinterval(seconds)
    gc.unfreeze()


@pytest.mark.usefixtures("process_as_before")
async def test_a_second_service_on_the_port_is_an_error(tmp_path):
    async with serving_app({}, tmp_path) as served:
        config = configured({"GRPC_PORT": str(served.service.port), "RUNTIME_DIR": str(tmp_path)})
        with pytest.raises(ConfigError, match="GRPC_PORT"):
            await serve(config)


async def test_a_runtime_directory_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").write_text("in the way")
    config = configured({"RUNTIME_DIR": str(tmp_path / "file" / "runtime")})
    with pytest.raises(ConfigError, match=r"RUNTIME_DIR: .*file"):
        await App(config).start()


async def test_a_runtime_directory_that_cannot_be_written_is_told_and_nothing_stays_open(tmp_path):
    (tmp_path / "ports.json").mkdir()
    app = App(configured({"RUNTIME_DIR": str(tmp_path), "GRPC_PORT": "0"}))
    with pytest.raises(ConfigError, match=r"RUNTIME_DIR: .*ports\.json"):
        await app.start()
    with socket.socket() as free:
        free.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        free.bind(("127.0.0.1", app.service.port))


async def test_in_a_shared_runtime_directory_the_ports_are_those_of_the_latest_service(tmp_path):
    first, latest = [App(configured({"RUNTIME_DIR": str(tmp_path), "GRPC_PORT": "0"})) for _ in range(2)]
    ports = tmp_path / "ports.json"
    await first.start()
    await latest.start()
    try:
        await first.stop()
        assert json.loads(ports.read_text()) == {"grpc": latest.service.port, "metrics": None}
    finally:
        await latest.stop()
    assert not ports.exists()


@pytest.mark.parametrize("left", [b"\xff\x00", b"", b"x" * 2**20], ids=["garbage", "nothing", "much"])
async def test_what_others_write_into_the_file_of_the_ports_does_not_stop_the_end(tmp_path, left):
    app = App(configured({"RUNTIME_DIR": str(tmp_path)}))
    ports = tmp_path / "ports.json"
    ports.write_bytes(left)
    await app.start()
    ports.write_bytes(left)
    await app.stop()
    assert ports.read_bytes() == left


async def test_with_monitoring_off_nothing_counts_beats_or_listens(tmp_path):
    app = App(configured({"RUNTIME_DIR": str(tmp_path)}))
    await app.start()
    try:
        assert (app.monitoring, app.metrics_port) == (None, None)
        assert json.loads((tmp_path / "ports.json").read_text()) == {"grpc": app.service.port, "metrics": None}
        async with grpc.aio.insecure_channel(f"127.0.0.1:{app.service.port}") as channel:
            agent = pb_grpc.AgentStub(channel)
            assert (await agent.GetAgentInfo(pb.GetAgentInfoRequest())).maxConcurrentTasks == 5
        snapshot = app.service.state.snapshot()
        assert sum(snapshot.rpcs.started.values()) == 0
        assert snapshot.service.heartbeat.last_monotonic_seconds == snapshot.service.started_monotonic_seconds
        assert "runtime files" not in {task.get_name() for task in asyncio.all_tasks()}
    finally:
        await app.stop()


async def test_missing_packages_are_a_warning_with_the_install_command(tmp_path, monkeypatch, caplog):
    for module in [name for name in sys.modules if name.partition(".")[0] in ("collectors", "prometheus_client")]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    app = App(configured({"ENABLE_PROMETHEUS": "true", "RUNTIME_DIR": str(tmp_path)}))
    assert app.monitoring is None
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert f"prometheus_client is not installed; run: {install_command('prometheus')}" in caplog.text


def block(holds: Callable[[], bool]) -> None:
    """Run pure Python, which keeps the event loop and the interpreter busy, until something holds."""
    deadline = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < deadline


async def test_scrapes_answer_and_show_a_blocked_event_loop(tmp_path):
    async with serving_app({}, tmp_path) as served:
        pages: list[Page] = []
        enough = threading.Event()

        def scrape_on_and_on() -> None:
            while not enough.is_set():
                pages.append(scrape(served.app.metrics_port))

        scraper = threading.Thread(target=scrape_on_and_on)
        scraper.start()

        def a_second_shows() -> bool:
            return bool(pages) and min(pages[-1].one(LAG), pages[-1].one(BLOCKED)) > 1

        try:
            block(a_second_shows)
        finally:
            enough.set()
            scraper.join()
        lag = [page.one(LAG) for page in pages]
        blocked = [page.one(BLOCKED) for page in pages]
        uptime = {page.one("agent_service_uptime_seconds") for page in pages}
        assert max(lag) > 1
        assert blocked == sorted(blocked)
        assert len(uptime) == 1
        async with asyncio.timeout(SECONDS):
            while (after := await served.scrape()).one(LAG) > 1:
                pass
        assert after.one(BLOCKED) >= blocked[-1]
        assert after.one("agent_service_uptime_seconds") > max(uptime)


async def test_the_files_below_the_runtime_directory_are_counted(tmp_path):
    (tmp_path / "old").mkdir()
    for number in range(3):
        (tmp_path / "old" / f"{number}.png").touch()
    async with serving_app({}, tmp_path) as served:
        async with asyncio.timeout(10):
            while not (await served.scrape()).one("agent_temp_files_count") >= 3:
                await asyncio.sleep(0.01)


@pytest.mark.parametrize(("monitored", "scraped"), [(True, 1000 + 64), (False, 0)])
async def test_every_connection_that_may_be_open_has_a_file(tmp_path, monkeypatch, monitored, scraped):
    wanted = []
    monkeypatch.setattr(process.resource, "getrlimit", lambda _: (256, 10**6))
    monkeypatch.setattr(process.resource, "setrlimit", lambda _, limits: wanted.append(limits))
    settings = {"TASK_MAX_TASKS": "7", "GRPC_MAX_CONNECTIONS": "5000", "ENABLE_PROMETHEUS": str(monitored)}
    async with serving_app(settings, tmp_path):
        assert wanted == [(1024 + BROWSERS + 7 * 8 + 5000 + scraped, 10**6)]


async def test_a_limit_of_open_files_that_is_too_low_is_told(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(process.resource, "getrlimit", lambda _: (1024, 1024))
    async with serving_app({}, tmp_path):
        assert "only 1024 files may be open, and " in caplog.text
        assert "so gRPC takes 528 connections at once and the metrics endpoint 264" in caplog.text


@pytest.mark.parametrize(
    ("variables", "dangers"),
    [
        ((), ["whoever reaches it may run tasks", "what is sent can be read on its way"]),
        (("ACCESS_TOKENS_FILE",), ["what is sent can be read on its way"]),
        (("GRPC_TLS_CERT", "GRPC_TLS_KEY"), ["whoever reaches it may run tasks"]),
        (("ACCESS_TOKENS_FILE", "GRPC_TLS_CERT", "GRPC_TLS_KEY"), []),
    ],
)
def test_what_an_insecure_service_is_open_to_is_told(tmp_path, variables, dangers):
    for name in variables:
        (tmp_path / name).touch()
    environment = {"ALLOW_INSECURE": "true", **{name: str(tmp_path / name) for name in variables}}
    everywhere = configured({**environment, "GRPC_HOST": "0.0.0.0"})  # noqa: S104 - never bound
    assert list(_dangers(everywhere)) == dangers
    assert list(_dangers(configured(environment))) == []
