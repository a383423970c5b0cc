"""Who may call what, over real gRPC: a table of methods and roles, owners, revoked tokens, wrong tokens."""

import asyncio

import grpc.aio
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from gui_agents.access.failures import PER_MINUTE
from gui_agents.access.guard import Guard
from gui_agents.access.owners import Owners
from gui_agents.domain.access import Role, UnauthenticatedError
from gui_agents.domain.clock import SystemClock
from gui_agents.proto import agent_pb2 as pb
from gui_agents.rpc.door import Door, address_of, while_good
from gui_agents.rpc.methods import METHODS, Method
from tests.callers import callers, create
from tests.fakes import new_state
from tests.serving import Served, refused, serving, until

BY_NAME = {method.name: method for method in METHODS}
READS = {"GetAgentInfo", "GetCommonConfig", "GetAgentTaskStream", "QueryTaskStatus"}
SUBMITS = {"RunAgentInstruction", "RunAgentInstructionAsync", "CancelTask"}
ALLOWED = {
    Role.SUBMIT: READS | SUBMITS,
    Role.READ: READS,
    Role.ADMIN: {method.name for method in METHODS},
}
EVERY_ROLE = {"submitter": "submit", "reader": "read", "root": "admin"}


async def code_of(call) -> str:
    """Return how a call ends."""
    try:
        if hasattr(call, "__aiter__"):
            async for _ in call:
                pass
        else:
            await call
    except grpc.aio.AioRpcError as error:
        return error.code().name
    return "OK"


def asked(served: Served, method: Method, **fields: str):
    return getattr(served.agent, method.name)(method.request(**fields), timeout=20)


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
async def test_a_method_is_for_its_roles_alone(tmp_path, method):
    async with callers(tmp_path, {"ALLOW_SET_GLOBAL_CONFIG": "true"}, **EVERY_ROLE) as ours:
        for name, role in EVERY_ROLE.items():
            code = await code_of(asked(ours.by(name), method))
            assert (code != "PERMISSION_DENIED") == (method.name in ALLOWED[Role(role)]), (name, code)


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
async def test_a_call_without_a_token_is_refused_before_its_message_is_read(tmp_path, method):
    async with callers(tmp_path, ann="admin") as ours:
        said = await refused(asked(ours.served, method))
        assert (said.code, said.reason) == ("UNAUTHENTICATED", "TOKEN_MISSING")
        # No message was sent, and nobody waits for one.
        call = ours.served.channel.stream_stream(method.path)(timeout=5)
        assert (await refused(call)).reason == "TOKEN_MISSING"


async def test_the_missing_role_is_named(tmp_path):
    async with callers(tmp_path, rea="read") as ours:
        said = await refused(ours.by("rea").start("finish"))
        assert (said.code, said.reason) == ("PERMISSION_DENIED", "MISSING_ROLE")
        assert said.text == "the token lacks the role submit; ask the operator for one that has it"
        assert ours.served.state.snapshot().tasks.rejected["denied"] == 1


@pytest.mark.parametrize(
    ("metadata", "reason"),
    [
        ((), "TOKEN_MISSING"),
        ((("authorization", "Basic YTpi"),), "TOKEN_MALFORMED"),
        ((("authorization", "Bearer short"),), "TOKEN_MALFORMED"),
        ((("authorization", "Bearer gat_" + "x" * 43), ("authorization", "Bearer gat_" + "x" * 43)), "TOKEN_MALFORMED"),
        ((("authorization", "Bearer gat_" + "x" * 43),), "TOKEN_UNKNOWN"),
    ],
)
async def test_each_failure_is_told_and_counted(tmp_path, metadata, reason):
    async with callers(tmp_path, ann="admin") as ours:
        said = await refused(ours.served.agent.GetAgentInfo(pb.GetAgentInfoRequest(), metadata=metadata))
        assert (said.code, said.reason) == ("UNAUTHENTICATED", reason)
        failures = ours.served.state.snapshot().access.failures
        assert {name for name, number in failures.items() if number} == {reason.removeprefix("TOKEN_").lower()}


async def test_the_scheme_is_read_in_any_case(tmp_path):
    async with callers(tmp_path, ann="submit") as ours:
        for scheme in ("bearer", "BEARER"):
            metadata = (("authorization", f"{scheme} {ours.tokens['ann']}"),)
            await ours.served.agent.GetAgentInfo(pb.GetAgentInfoRequest(), metadata=metadata)


async def test_health_is_free_and_reflection_is_not(tmp_path):
    async with callers(tmp_path, ann="read") as ours:
        health = health_pb2_grpc.HealthStub(ours.served.channel)
        assert (await health.Check(health_pb2.HealthCheckRequest())).status == health_pb2.HealthCheckResponse.SERVING
        request = reflection_pb2.ServerReflectionRequest(list_services="")

        def listed(**options):
            stub = reflection_pb2_grpc.ServerReflectionStub(ours.served.channel)
            return stub.ServerReflectionInfo(iter([request]), **options)

        assert (await refused(listed())).reason == "TOKEN_MISSING"
        metadata = (("authorization", f"Bearer {ours.tokens['ann']}"),)
        services = [message async for message in listed(metadata=metadata)]
        assert len(services) == 1


# Owners.


async def test_a_task_of_somebody_else_is_as_one_that_there_is_not(tmp_path):
    async with callers(tmp_path, ann="submit", eve="submit") as ours:
        ann, eve = ours.by("ann"), ours.by("eve")
        task = await ann.start("wait")
        unknown = "x" * len(task)
        for look in (eve.query, eve.cancel):
            foreign, nothing = await look(task), await look(unknown)
            assert str(foreign).replace(task, unknown) == str(nothing)
        foreign = await refused(eve.watch(task))
        assert (foreign.code, foreign.text) == ("NOT_FOUND", f"no task '{task}' is known")
        foreign = await refused(eve.agent.GetCommonConfig(pb.GetCommonConfigRequest(id=task)))
        assert (foreign.code, foreign.text) == ("NOT_FOUND", f"no configuration '{task}' is known")
        foreign = await refused(eve.start("go on", previousTaskId=task))
        assert (foreign.code, foreign.text) == ("NOT_FOUND", f"no task '{task}' is known")
        assert (await ann.query(task)).status == pb.RUNNING


async def test_a_reader_sees_all_tasks_and_changes_none(tmp_path):
    async with callers(tmp_path, ann="submit", rea="read", both="submit,read") as ours:
        task = await ours.by("ann").start("wait")
        for name in ("rea", "both"):
            assert (await ours.by(name).query(task)).status == pb.RUNNING
            assert (await ours.by(name).agent.GetCommonConfig(pb.GetCommonConfigRequest(id=task))).id == task
        assert (await refused(ours.by("rea").cancel(task))).code == "PERMISSION_DENIED"
        assert not (await ours.by("both").cancel(task)).success
        assert (await refused(ours.by("both").start("x", previousTaskId=task))).code == "NOT_FOUND"
        assert (await ours.by("ann").query(task)).status == pb.RUNNING


async def test_an_admin_cancels_and_continues_any_task(tmp_path):
    async with callers(tmp_path, ann="submit", root="admin") as ours:
        task = await ours.by("ann").start("wait")
        assert (await ours.by("root").cancel(task)).success
        mine = await ours.by("root").start("finish", previousTaskId=task)
        assert (await ours.by("ann").query(mine)).status == pb.NOT_FOUND


async def test_the_global_configuration_is_for_admins(tmp_path):
    async with callers(tmp_path, {"ALLOW_SET_GLOBAL_CONFIG": "true"}, ann="submit,read", root="admin") as ours:
        request = pb.GetCommonConfigRequest(id="global")
        assert (await refused(ours.by("ann").agent.GetCommonConfig(request))).reason == "MISSING_ROLE"
        assert (await ours.by("root").agent.GetCommonConfig(request)).id == "global"


async def test_setters_need_the_operators_word_as_well(tmp_path):
    async with callers(tmp_path, root="admin") as ours:
        said = await refused(ours.by("root").agent.SetGlobalCommonConfig(pb.SetGlobalCommonConfigRequest()))
        assert (said.code, said.reason) == ("PERMISSION_DENIED", "NOT_ALLOWED")


async def test_a_sandbox_of_somebody_else_is_as_one_that_there_is_not(tmp_path):
    async with callers(tmp_path, ann="submit", eve="submit") as ours:
        ann, eve = ours.by("ann"), ours.by("eve")
        kept = await ann.start("finish")
        await ann.watch(kept)
        await until(lambda: ours.served.service.runner._keeper._kept)
        sandbox = (await ann.query(kept)).sandbox.id
        used = await ann.start("wait")
        await until(lambda: ours.served.state.record(used).sandbox is not None)
        in_use = (await ann.query(used)).sandbox.id
        for foreign in (sandbox, in_use):
            said = await refused(eve.start("finish", sandbox=pb.Sandbox(id=foreign)))
            nothing = await refused(eve.start("finish", sandbox=pb.Sandbox(id="nothing")))
            assert said.text.replace(foreign, "nothing") == nothing.text
            assert (said.code, said.reason) == (nothing.code, nothing.reason)
        assert await ann.start("finish", sandbox=pb.Sandbox(id=sandbox))


# Changes.


async def test_a_revoked_token_is_out_at_the_next_call_and_its_streams_end(tmp_path):
    async with callers(tmp_path, ann="submit", rea="read") as ours:
        ann = ours.by("ann")
        task = await ann.start("wait")
        stream = ann.agent.GetAgentTaskStream(pb.GetAgentTaskStreamRequest(taskId=task))
        other = ours.by("rea").agent.GetAgentTaskStream(pb.GetAgentTaskStreamRequest(taskId=task))
        assert await stream.read() is not grpc.aio.EOF
        assert await other.read() is not grpc.aio.EOF
        ours.revoke("ann")
        async with asyncio.timeout(20):
            assert await stream.code() == grpc.StatusCode.UNAUTHENTICATED
        assert (await refused(ann.query(task))).reason == "TOKEN_UNKNOWN"
        assert not other.done()
        assert (await ours.by("rea").query(task)).status == pb.RUNNING
        other.cancel()


async def test_a_stream_whose_token_loses_its_role_ends(tmp_path):
    async with callers(tmp_path, ann="submit") as ours:
        stream = ours.by("ann").agent.RunAgentInstruction(pb.RunAgentInstructionRequest(instruction="wait"))
        assert await stream.read() is not grpc.aio.EOF
        ours.path.write_text(ours.path.read_text().replace(" submit", " read"))
        ours.reload()
        async with asyncio.timeout(20):
            assert await stream.code() == grpc.StatusCode.UNAUTHENTICATED
        # As with any client of RunAgentInstruction that leaves.
        assert ours.served.state.snapshot().tasks.created["cancelled"] == 1


async def test_a_new_token_is_let_in_while_the_service_runs(tmp_path):
    async with callers(tmp_path) as ours:
        ours.create("new", "submit")
        assert await ours.by("new").start("finish")


async def test_the_file_is_read_again_within_seconds(tmp_path):
    async with callers(tmp_path, ann="submit") as ours:
        ours.path.write_text("")
        agent = ours.by("ann").agent

        async def out() -> bool:
            return await code_of(agent.GetAgentInfo(pb.GetAgentInfoRequest())) == "UNAUTHENTICATED"

        async with asyncio.timeout(20):
            while not await out():
                await asyncio.sleep(0.05)


class Context:
    """A call of one client, as far as the door looks at it."""

    def __init__(self, token: str) -> None:
        self._metadata = (("authorization", f"Bearer {token}"),)

    def peer(self) -> str:
        return "ipv4:127.0.0.1:50000"

    def invocation_metadata(self):
        return self._metadata


async def test_a_revoked_stream_ends_after_the_message_that_is_sent(tmp_path):
    path, clock = tmp_path / "tokens", SystemClock()
    token = create(path, "ann", "submit")
    guard = Guard(path)
    door = Door(guard, Owners(guard.quotas, clock.monotonic), new_state(clock), clock, None)
    message = asyncio.get_running_loop().create_future()

    async def serve(visit) -> None:
        await visit.send(message)

    async def call() -> None:
        with door.entered(BY_NAME["GetAgentTaskStream"], Context(token)) as visit:
            await while_good(visit, serve(visit))

    calling = asyncio.create_task(call())
    await asyncio.sleep(0)
    path.write_text("")
    assert guard.reload()
    door.tokens_changed()
    for _ in range(5):
        await asyncio.sleep(0)
    assert not calling.done()
    message.set_result(None)
    with pytest.raises(UnauthenticatedError):
        await calling


async def test_calls_during_changes_are_let_in_or_refused_and_leave_nothing(tmp_path):
    async with callers(tmp_path, ann="submit", bob="submit") as ours:
        texts = ours.path.read_text(), ours.path.read_text().split("\n", 1)[1]
        task = await ours.by("ann").start("wait")
        ended = asyncio.Event()

        async def calls(make) -> set[str]:
            codes = set()
            while not ended.is_set():
                codes.add(await code_of(make()))
            return codes

        ann, bob = ours.by("ann").agent, ours.by("bob").agent
        callers_at_work = [
            asyncio.create_task(calls(lambda: ann.QueryTaskStatus(pb.QueryTaskStatusRequest(taskId=task)))),
            asyncio.create_task(calls(lambda: ann.GetAgentTaskStream(pb.GetAgentTaskStreamRequest(taskId=task)))),
            asyncio.create_task(calls(lambda: bob.QueryTaskStatus(pb.QueryTaskStatusRequest(taskId=task)))),
        ]
        for number in range(41):
            ours.path.write_text(texts[number % 2 == 0])
            ours.reload()
            await asyncio.sleep(0.002)
        ended.set()
        async with asyncio.timeout(20):
            unary, streams, others = [await caller for caller in callers_at_work]
        assert unary | streams <= {"OK", "UNAUTHENTICATED", "RESOURCE_EXHAUSTED"}
        assert "UNAUTHENTICATED" in streams
        assert others == {"OK"}
        await ours.served.all_calls_ended()
        assert ours.served.service._door._streams == {}
        assert ours.served.state.snapshot().streams.subscribers == 0


async def test_who_guesses_is_limited_and_the_known_of_the_same_address_are_not(tmp_path):
    async with callers(tmp_path, ann="submit") as ours:
        wrong = (("authorization", "Bearer gat_" + "x" * 43),)
        for _ in range(PER_MINUTE + 5):
            # A client that was given no token guesses nothing.
            assert (await refused(ours.served.agent.GetAgentInfo(pb.GetAgentInfoRequest()))).reason == "TOKEN_MISSING"
        said = [
            await refused(ours.served.agent.GetAgentInfo(pb.GetAgentInfoRequest(), metadata=wrong))
            for _ in range(PER_MINUTE + 5)
        ]
        assert [each.reason for each in said].count("TOKEN_UNKNOWN") == PER_MINUTE
        assert (said[-1].code, said[-1].reason) == ("RESOURCE_EXHAUSTED", "TOO_MANY_WRONG_TOKENS")
        assert await ours.by("ann").start("finish")
        assert ours.served.state.snapshot().access.failures["limited"] == 5


async def test_without_tokens_everybody_is_let_in_and_nothing_is_counted():
    async with serving() as served:
        wrong = (("authorization", "Bearer gat_" + "x" * 43),)
        await served.agent.GetAgentInfo(pb.GetAgentInfoRequest(), metadata=wrong)
        access = served.state.snapshot().access
        assert (access.failures, access.rejections) == (None, None)


@pytest.mark.parametrize(
    ("peer", "address"),
    [
        ("ipv4:127.0.0.1:50051", "127.0.0.1"),
        ("ipv6:%5B::1%5D:50051", "::1"),
        ("ipv6:[fe80::1%25eth0]:1", "fe80::1%eth0"),
        ("unix:/run/agents.sock", "unix:/run/agents.sock"),
    ],
)
def test_the_address_of_a_peer(peer, address):
    assert address_of(peer) == address
