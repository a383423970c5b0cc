"""The programs of docs/clients.md run against a real service, and print what the page says.

The service is full when a program comes, so that the program has to try again before anything else.
CI does not install Go, Node.js and grpcurl: the tests of them are skipped where they are missing.
"""

import asyncio
import json
import os
import re
import shlex
import shutil
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import attrs
import grpc.aio
import pytest
from google.protobuf import json_format

from gui_agents import App, load_config
from gui_agents.proto import agent_pb2 as pb
from gui_agents.proto import agent_pb2_grpc as pb_grpc

ROOT = Path(__file__).resolve().parent.parent
PROTO = ROOT / "gui_agents" / "proto" / "agent.proto"
PAGE = (ROOT / "docs" / "clients.md").read_text()
SECTIONS = dict(re.findall(r"^## ([^\n]+)\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL))
PRINTED = PAGE.partition("It prints this")[2].split("```")[1].strip().splitlines()
SERVICE = pb.DESCRIPTOR.services_by_name["Agent"]
ADDRESS = "localhost:50051"
SECONDS = 120.0
"""A program that takes longer has failed; a first build in Go takes most of it."""

VERSIONS = {
    "@grpc/grpc-js": "1.13.4",
    "@grpc/proto-loader": "0.7.15",
    "@types/node": "20.19.0",
    "protobufjs": "7.4.0",
    "typescript": "5.8.3",
}
DEBIAN_GO = Path("/usr/share/gocode")
"""Where Debian puts Go packages."""
GO_OF_DEBIAN = (
    "golang-go",
    "golang-google-grpc-dev",
    "golang-github-golang-protobuf-1-5-dev",
    "protoc-gen-go",
    "protoc-gen-go-grpc",
)
GO_PROGRAMS = ("go", "gofmt", "protoc-gen-go", "protoc-gen-go-grpc")


def code(section: str, language: str) -> str:
    """Return the program of a section."""
    (block,) = re.findall(rf"^```{language}\n(.*?)^```", SECTIONS[section], re.MULTILINE | re.DOTALL)
    return block


def commands(section: str) -> list[list[str]]:
    """Return the words of the commands of a section."""
    (block,) = re.findall(r"^```console\n(.*?)^```", SECTIONS[section], re.MULTILINE | re.DOTALL)
    return [shlex.split(line.removeprefix("$ ")) for line in block.splitlines()]


@attrs.frozen
class Ended:
    """How a program ended."""

    status: int
    output: str
    errors: str


async def run(words: Sequence[str], directory: Path, environment: Mapping[str, str] | None = None) -> Ended:
    """Run a program to its end."""
    process = await asyncio.create_subprocess_exec(
        *words,
        cwd=directory,
        env={**os.environ, **(environment or {})},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        output, errors = await asyncio.wait_for(process.communicate(), SECONDS)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return Ended(process.returncode, output.decode(), errors.decode())


async def succeeds(words: Sequence[str], directory: Path, environment: Mapping[str, str] | None = None) -> str:
    """Run a program that prints no error, and return what it prints."""
    ended = await run(words, directory, environment)
    assert (ended.status, ended.errors) == (0, ""), ended.output
    return ended.output


@attrs.define
class Called:
    """A service of one slot and one place in the queue."""

    app: App
    agent: pb_grpc.AgentStub

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.app.service.port}"

    async def transcript(self, words: Sequence[str], directory: Path, environment: Mapping[str, str] | None = None):
        """Run a program, which finds the service full until it has been refused; return its lines without the steps."""
        waiting = [await self.start("Wait 60 seconds") for _ in ("running", "queued")]
        running = asyncio.create_task(succeeds([*words, self.address], directory, environment))
        try:
            await self.refused_or_ended(running)
        finally:
            for task_id in waiting:
                await self.agent.CancelTask(pb.CancelTaskRequest(taskId=task_id))
            output = await running
        return [line for line in output.splitlines() if not line.startswith("step ")]

    async def start(self, instruction: str) -> str:
        reply = await self.agent.RunAgentInstructionAsync(pb.RunAgentInstructionRequest(instruction=instruction))
        return reply.taskId

    async def refused_or_ended(self, running: asyncio.Task) -> None:
        state = self.app.service.state
        async with asyncio.timeout(SECONDS):
            while not running.done() and not sum(state.snapshot().tasks.rejected.values()):
                await asyncio.wait([running], timeout=0.05)


@asynccontextmanager
async def called() -> AsyncIterator[Called]:
    app = App(load_config({"GRPC_PORT": "0", "TASK_MAX_TASKS": "1", "TASK_QUEUE_SIZE": "1"}))
    await app.start()
    try:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{app.service.port}") as channel:
            yield Called(app, pb_grpc.AgentStub(channel))
    finally:
        await app.stop()


@pytest.fixture
async def service() -> AsyncIterator[Called]:
    async with called() as running:
        yield running


CALLS = {"RunAgentInstruction", "RunAgentInstructionAsync", "GetAgentTaskStream", "QueryTaskStatus", "CancelTask"}


@pytest.mark.parametrize(
    ("section", "language"), [("Python without it", "python"), ("Go", "go"), ("TypeScript", "typescript")]
)
def test_a_program_makes_every_call_of_a_task(section, language):
    words = set(re.findall(r"\w+", code(section, language)))
    assert words & set(SERVICE.methods_by_name) == CALLS


async def test_the_program_with_the_client_prints_what_the_page_says(service, tmp_path):
    (tmp_path / "caller.py").write_text(code("Python with AgentClient", "python"))
    lines = await service.transcript([sys.executable, "-W", "error", "caller.py"], tmp_path, {"PYTHONPATH": str(ROOT)})
    # Its errors name the field in their text.
    assert lines == [line for line in PRINTED if not line.startswith("field ")]


async def test_the_program_in_python_prints_what_the_page_says(service, tmp_path):
    shutil.copy(PROTO, tmp_path)
    (tmp_path / "caller.py").write_text(code("Python without it", "python"))
    install, generate = commands("Python without it")
    assert install == ["python3", "-m", "pip", "install", "grpcio", "grpcio-status", "grpcio-tools"]
    await succeeds([sys.executable, *generate[1:]], tmp_path)
    assert await service.transcript([sys.executable, "caller.py"], tmp_path) == PRINTED


def old_go(program: str) -> str:
    """Return a Go program for the gRPC of Debian 12, 1.33, in which two names of the page have older ones."""
    lines = [line for line in program.splitlines(keepends=True) if "credentials/insecure" not in line]
    new = "grpc.NewClient(os.Args[1], grpc.WithTransportCredentials(insecure.NewCredentials()))"
    return "".join(lines).replace(new, "grpc.Dial(os.Args[1], grpc.WithInsecure())")


def go_packages() -> list[Path]:
    """Return where Go packages are: in GOPATH, and from Debian."""
    return [Path(path) for path in os.environ.get("GOPATH", "").split(os.pathsep) if path] + [DEBIAN_GO]


def first_with(package: str) -> Path | None:
    """Return the directory of a Go package that is found first."""
    directories = [path / "src" / package for path in go_packages()]
    return next((directory for directory in directories if directory.is_dir()), None)


def missing_for_go() -> list[str]:
    """Return what has to be there before the Go program can be built without a network."""
    missing = [name for name in GO_PROGRAMS if shutil.which(name) is None]
    missing += [name for name in ("google.golang.org/grpc", "google.golang.org/protobuf") if first_with(name) is None]
    # Version 1.3, which other packages of Debian 12 want, knows no generated code of today.
    protobuf = first_with("github.com/golang/protobuf")
    if protobuf is None or not (protobuf / "proto" / "registry.go").is_file():
        missing.append("github.com/golang/protobuf 1.5")
    return missing


@pytest.mark.slow
@pytest.mark.system_tools
async def test_the_program_in_go_prints_what_the_page_says(service, tmp_path):
    missing = missing_for_go()
    if missing:
        pytest.skip(f"missing: {', '.join(missing)}; run: apt install {' '.join(GO_OF_DEBIAN)}")
    directory = tmp_path / "src" / "example.com" / "caller"
    directory.mkdir(parents=True)
    shutil.copy(PROTO, directory)
    (generate,) = (words for words in commands("Go") if words[0] == "protoc")
    await succeeds([sys.executable, "-m", "grpc_tools.protoc", *generate[1:]], directory)
    program = code("Go", "go")
    today = first_with("google.golang.org/grpc/credentials/insecure") is not None
    (directory / "main.go").write_text(program if today else old_go(program))
    path = os.pathsep.join(map(str, [tmp_path, *go_packages()]))
    environment = {"GO111MODULE": "off", "GOPATH": path, "GOFLAGS": "", "CGO_ENABLED": "0"}
    await succeeds(["go", "vet", "."], directory, environment)
    await succeeds(["go", "build", "-o", "caller", "."], directory, environment)
    assert await service.transcript(["./caller"], directory) == PRINTED


@pytest.mark.system_tools
async def test_the_program_in_go_is_formatted(tmp_path):
    if shutil.which("gofmt") is None:
        pytest.skip("gofmt is missing: apt install golang-go")
    (tmp_path / "main.go").write_text(code("Go", "go"))
    assert await succeeds(["gofmt", "-l", "main.go"], tmp_path) == ""


@pytest.mark.slow
@pytest.mark.system_tools
async def test_the_program_in_typescript_prints_what_the_page_says(service, tmp_path):
    missing = [name for name in ("node", "npm") if shutil.which(name) is None]
    if missing:
        pytest.skip(f"{', '.join(missing)} is missing")
    shutil.copy(PROTO, tmp_path)
    (tmp_path / "client.mts").write_text(code("TypeScript", "typescript"))
    install, compile_, start = commands("TypeScript")
    assert install[:2] == ["npm", "install"]
    assert sorted(install[2:]) == sorted(VERSIONS)
    pinned = [f"{name}@{VERSIONS[name]}" for name in install[2:]]
    installed = await run(["npm", "install", "--no-audit", "--no-fund", "--no-package-lock", *pinned], tmp_path)
    if installed.status != 0:
        pytest.skip(f"npm cannot install the packages of the page here: {installed.errors.splitlines()[:1]}")
    assert await succeeds(compile_, tmp_path) == ""
    assert start == ["node", "client.mjs", ADDRESS]
    assert await service.transcript(start[:2], tmp_path) == PRINTED


@pytest.mark.system_tools
async def test_the_commands_of_grpcurl_do_what_the_page_says(service, tmp_path):
    if shutil.which("grpcurl") is None:
        pytest.skip("grpcurl is missing; Debian has no package of it")
    describe, follow, start, query, cancel, watch, continue_, wrong = commands("grpcurl")

    async def ended(words: list[str], task_id: str = "") -> Ended:
        return await run(
            [word.replace(ADDRESS, service.address).replace("TASK_ID", task_id) for word in words], tmp_path
        )

    assert "rpc RunAgentInstruction " in (await ended(describe)).output
    first = (await ended(follow)).output
    assert '"completed in 10 steps"' in first
    finished = re.findall(r'"taskId": "([^"]+)"', first)[0]
    waiting = json.loads((await ended(start)).output)["taskId"]
    assert json.loads((await ended(cancel, waiting)).output)["success"] is True
    assert json.loads((await ended(query, waiting)).output)["status"] == "CANCELLED"
    assert '"stage": "cancelled"' in (await ended(watch, waiting)).output
    assert '"stage": "finished"' in (await ended(continue_, finished)).output
    refused = await ended(wrong)
    assert refused.status == 64 + grpc.StatusCode.INVALID_ARGUMENT.value[0]
    shown = SECTIONS["grpcurl"].rpartition("```\n")[0].rpartition("```\n")[2]
    assert refused.errors == shown


@pytest.mark.parametrize("words", commands("grpcurl"), ids=lambda words: " ".join(words[2:])[:60])
def test_a_command_of_grpcurl_calls_a_method_with_a_request_of_it(words):
    assert words[:2] == ["grpcurl", "-plaintext"]
    match words[2:]:
        case ["-d", request, address, method]:
            name = method.removeprefix(f"{SERVICE.full_name}/")
            message = getattr(pb, SERVICE.methods_by_name[name].input_type.name)()
            json_format.Parse(request, message)
            assert (address, message.ByteSize() > 0) == (ADDRESS, True)
        case rest:
            assert rest == [ADDRESS, "describe", SERVICE.full_name]
