"""The commands of docs/finding-tasks.md do what the page says, on a real service."""

import asyncio
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from google.protobuf import json_format

from gui_agents import cli
from gui_agents.commands.exits import ExitCode
from gui_agents.domain.lifecycle import TaskStatus
from gui_agents.proto import operator_pb2 as pb
from gui_agents.storage.memory import MemoryStore
from tests.serving import serving

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs" / "finding-tasks.md").read_text()
FENCES = re.findall(r"^```console\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
COMMANDS = [line.removeprefix("$ ") for fence in FENCES for line in fence.splitlines()]
TABLED = re.findall(r"`(gui-agents [^`]+)`", PAGE.partition("## A list")[0])
SERVICE = pb.DESCRIPTOR.services_by_name["Operator"]
ADDRESS = "localhost:50051"


async def test_the_commands_of_the_page_work_in_their_order(monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    async with serving({"TASK_MAX_TASKS": "1"}, store=MemoryStore()) as served:
        monkeypatch.setenv("GRPC_PORT", str(served.service.port))
        failed = (await served.run("give up"))[0].taskId
        running = await served.start("wait")
        pending = [await served.start("wait") for _ in range(2)]
        printed = {}
        for command in [*TABLED, *COMMANDS]:
            program, *words = shlex.split(command.replace("95dd0a74", failed[:8]).replace("TASK_ID", failed))
            if program == "gui-agents":
                words = words[: words.index(">")] if ">" in words else words
                code = await asyncio.to_thread(cli.main, words)
                assert (code, command) == (ExitCode.FAILED if words[0] == "status" else ExitCode.DONE, command)
                printed[command] = capsys.readouterr().out
        assert failed in printed["gui-agents tasks --failed --since 1h"]
        assert "step 1" in printed["gui-agents status TASK_ID --steps"]
        assert "2 tasks would be cancelled" in printed["gui-agents cancel --all-pending --dry-run"]
        assert "2 tasks cancelled" in printed["gui-agents cancel --all-pending --yes"]
        assert "0 tasks cancelled" in printed["gui-agents cancel --status running --min-time 1h --yes"]
        assert "1 task cancelled" in printed["gui-agents cancel --all --yes"]
        assert {served.state.status(task_id) for task_id in (running, *pending)} == {TaskStatus.CANCELLED}


async def test_the_program_of_the_page_runs(tmp_path):
    (code,) = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    async with serving(store=MemoryStore()) as served:
        other = (await served.run("give up"))[0].taskId
        wanted = (await served.run("nonsense"))[0].taskId
        address = f"127.0.0.1:{served.service.port}"
        program = code.replace("127.0.0.1:50051", address).replace('text="invoice"', 'text="NONSENSE"')
        done = await asyncio.to_thread(
            subprocess.run,
            [sys.executable, "-W", "error", "-c", program],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.stderr == ""
        assert done.stdout.split()[:2] == [wanted, "model_error"]
        assert other not in done.stdout


@pytest.mark.parametrize("command", [command for command in COMMANDS if command.startswith("grpcurl")])
def test_a_command_of_grpcurl_calls_a_method_with_a_request_of_it(command):
    words = shlex.split(command)
    assert words[:2] == ["grpcurl", "-plaintext"]
    match words[2:]:
        case ["-d", request, address, method]:
            name = method.removeprefix(f"{SERVICE.full_name}/")
            message = getattr(pb, SERVICE.methods_by_name[name].input_type.name)()
            json_format.Parse(request, message)
            assert (address, message.ByteSize() > 0) == (ADDRESS, True)
        case rest:
            assert rest == [ADDRESS, "describe", SERVICE.full_name]


def test_the_page_has_every_option_that_only_this_verb_has():
    verbs = cli.parser()._subparsers._group_actions[0].choices
    chosen, common = (
        {each for action in verbs[name]._actions for each in action.option_strings} for name in ("tasks", "watch")
    )
    assert chosen - common - set(re.findall(r"`(--[a-z-]+)", PAGE)) == set()
