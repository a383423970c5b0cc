"""The gRPC service by itself: how it opens, and how it ends."""

import asyncio
import logging
import socket
from collections.abc import Callable

import grpc.aio
import pytest

from gui_agents.config import SandboxesConfig
from gui_agents.models import settings
from gui_agents.models.models_file import read_models
from gui_agents.proto import agent_pb2 as pb
from gui_agents.proto import agent_pb2_grpc as pb_grpc
from gui_agents.sandboxes.registry import Records
from gui_agents.service import Parts, Service
from tests.serving import Desktops, configured, refused, serving, until


async def answers(service: Service, host: str = "127.0.0.1") -> bool:
    async with grpc.aio.insecure_channel(f"{host}:{service.port}") as channel:
        return (await pb_grpc.AgentStub(channel).GetAgentInfo(pb.GetAgentInfoRequest())).maxConcurrentTasks == 5


async def test_two_services_run_side_by_side_in_one_process():
    services = [Service(configured()) for _ in range(2)]
    for service in services:
        await service.start()
    assert [await answers(service) for service in services] == [True, True]
    for service in services:
        await service.stop()


@pytest.mark.parametrize(("host", "reason"), [("127.0.0.1", "Address already in use"), ("no.such.host.invalid", "")])
async def test_an_address_that_cannot_be_opened_is_told(host, reason, capfd):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        service = Service(configured({"ALLOW_INSECURE": "true", "GRPC_HOST": host, "GRPC_PORT": str(port)}))
        with pytest.raises(OSError, match=f"cannot listen on {host} port {port}: {reason}"):
            await service.start()
        await service.stop()
    assert capfd.readouterr().err == ""


@pytest.mark.skipif(not socket.has_ipv6, reason="no IPv6 here")
@pytest.mark.parametrize("host", ["::1", "[::1]"])
async def test_an_address_of_version_six_may_have_brackets(host):
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("no IPv6 here")
    service = Service(configured({"GRPC_HOST": host}))
    await service.start()
    assert await answers(service, "[::1]")
    await service.stop()


async def test_streams_end_with_a_message_when_the_service_ends(caplog):
    caplog.set_level(logging.WARNING)
    async with serving({"TASK_MAX_TASKS": "1", "DRAIN_SECONDS": "0"}) as served:
        tasks = [await served.start("wait"), await served.start("finish")]
        streams = [asyncio.create_task(served.watch(task)) for task in tasks]
        own = asyncio.create_task(served.run("wait"))
        await until(lambda: served.state.snapshot().streams.subscribers == 3)
        await served.service.drain()
        told = [await stream for stream in (*streams, own)]
        assert [messages[-1].stage for messages in told] == ["error"] * 3
        assert {messages[-1].message for messages in told} == {"interrupted: the service is shutting down"}
    assert caplog.records == []


async def test_clients_that_vanish_with_their_streams_are_no_defect(caplog):
    async with serving() as served:
        task = await served.start("go on")
        for _ in range(10):
            async with grpc.aio.insecure_channel(f"127.0.0.1:{served.service.port}") as channel:
                agent = pb_grpc.AgentStub(channel)
                for call in (
                    agent.GetAgentTaskStream(pb.GetAgentTaskStreamRequest(taskId=task)),
                    agent.RunAgentInstruction(pb.RunAgentInstructionRequest(instruction="go on")),
                ):
                    await call.read()
        await served.cancel(task)
        await until(lambda: not served.state.live())
        await served.all_calls_ended()
        handled = served.state.snapshot().rpcs.handled
        assert handled["GetAgentTaskStream", "CANCELLED"] == handled["RunAgentInstruction", "CANCELLED"] == 10
        assert served.state.snapshot().tasks.created["cancelled"] == 11
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


async def test_a_service_that_has_ended_leaves_no_task_behind():
    before = asyncio.all_tasks()
    async with serving() as served:
        await served.run("work 1")
        await served.start("wait")
        call = served.agent.GetAgentTaskStream(pb.GetAgentTaskStreamRequest(taskId=await served.start("wait")))
        await call.read()
    await until(lambda: asyncio.all_tasks() == before)


async def test_a_call_that_does_not_end_is_cut_off_when_the_service_stops(caplog):
    """A stream whose client does not read cannot hold the service up."""
    async with serving() as served:
        task = await served.start("go on")
        call = served.agent.GetAgentTaskStream(pb.GetAgentTaskStreamRequest(taskId=task))
        await call.read()
        await served.service.drain()
        await served.service.stop()
        assert (await refused(served.agent.GetAgentInfo(pb.GetAgentInfoRequest()))).code == "UNAVAILABLE"
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


async def test_the_file_of_models_is_read_once_so_that_prices_and_settings_are_of_one_state(monkeypatch, tmp_path):
    path, read = tmp_path / "models.yaml", []
    path.write_text('ollama/*:\n  price: {input: "1", output: "2"}\n')
    monkeypatch.setattr(settings, "read_models", lambda file: read.append(file) or read_models(file))
    Service(configured({"MODELS_FILE": str(path), "DEFAULT_MODEL": "ollama/own"}))
    assert read == [path]


class Swept(Desktops):
    """Notes what is asked of it, and which port was open then."""

    def __init__(self, config: SandboxesConfig) -> None:
        super().__init__(config)
        self.said: list[tuple[str, int]] = []
        self.port: Callable[[], int] = lambda: 0

    async def start(self, records: Records) -> None:
        self.said.append(("swept", self.port()))
        await super().start(records)

    async def stop(self) -> None:
        self.said.append(("stopped", self.port()))
        await super().stop()


async def test_a_service_sweeps_before_its_port_opens_and_stops_what_sandboxes_share_at_its_end():
    config = configured()
    sandboxes = Swept(config.sandboxes)
    service = Service(config, Parts(sandboxes=sandboxes))
    sandboxes.port = lambda: service.port
    await service.start()
    assert await answers(service)
    await service.stop()
    assert sandboxes.said == [("swept", 0), ("stopped", service.port)]


async def test_tasks_get_sandboxes_that_stood_ready():
    async with serving({"SANDBOX_WARM": "2", "SANDBOX_KEEP": "0"}) as served:
        await until(lambda: served.state.snapshot().sandboxes.warm == 2)
        for _ in range(3):
            await served.run("finish")
            await until(lambda: served.state.snapshot().sandboxes.warm == 2)
        openings = served.state.snapshot().sandboxes.openings
        assert openings["Simulated", "warm"].count == 3
        assert openings["Simulated", "cold"].count == 0
        assert openings["Simulated", "warm"].sum <= 3 * 0.05
    snapshot = served.state.snapshot().sandboxes
    assert (snapshot.warm, snapshot.open["Simulated"], snapshot.ended["Simulated", "closed"]) == (0, 0, 5)


async def test_a_service_that_stops_without_a_drain_leaves_no_sandbox():
    service = Service(configured({"SANDBOX_WARM": "2"}))
    await service.start()
    await until(lambda: service.state.snapshot().sandboxes.warm == 2)
    await service.stop()
    assert service.state.snapshot().sandboxes.open["Simulated"] == 0
