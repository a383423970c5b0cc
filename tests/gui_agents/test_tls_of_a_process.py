"""TLS and what keeps the doors shut, with the service and the command as processes of their own."""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from gui_agents.commands.exits import ExitCode
from tests.certificates import PAST, Authority
from tests.gui_agents.test_grpc_app_process import process

ROOT = Path(__file__).resolve().parents[2]


async def command(directory, *arguments, **variables):
    """Run a command as the service's environment says, and return its exit code, its output and its errors."""
    inherited = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    ended = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "gui_agents.cli", *arguments],
        cwd=directory,
        env={**inherited, "PYTHONPATH": str(ROOT), **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    return ended.returncode, ended.stdout, ended.stderr


async def refused(directory, **environment):
    """Return the exit status of a service that does not start, and what it says."""
    with process(directory, **environment) as service:
        status = await service.ended()
        return status, service.log.splitlines()


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])  # noqa: S104 - refused
async def test_a_service_that_anybody_could_reach_does_not_start(tmp_path, host):
    status, (line,) = await refused(tmp_path, GRPC_HOST=host)
    assert status == 2
    assert line.startswith(
        f"GRPC_HOST is {host}, where other machines may reach the service, and without ACCESS_TOKENS"
    )
    assert not (tmp_path / "runtime").exists()


async def test_a_service_that_was_told_to_be_open_says_to_whom(tmp_path):
    with process(tmp_path, GRPC_HOST="0.0.0.0", ALLOW_INSECURE="true") as service:  # noqa: S104 - on purpose
        await service.started()
        service.popen.terminate()
        assert await service.ended() == 0
        assert "WARNING gui_agents: ALLOW_INSECURE opens the gRPC port to other machines: " in service.log


@pytest.mark.parametrize(
    ("key", "expires", "told"),
    [
        ("as it is", PAST, "GRPC_TLS_CERT {0} cannot be used: certificate has expired"),
        ("nonsense", None, "GRPC_TLS_KEY {1} holds no key in PEM"),
        ("missing", None, "GRPC_TLS_KEY must name a file that exists, not '{1}'"),
    ],
)
async def test_a_service_does_not_start_with_tls_that_does_not_work(tmp_path, key, expires, told):
    pair = Authority(tmp_path).issue(expires=expires)
    if key == "nonsense":
        pair.key.write_text(key)
    elif key == "missing":
        pair.key.unlink()
    status, (line,) = await refused(tmp_path, **pair.of_service)
    assert status == 2
    assert line.startswith(told.format(pair.certificate, pair.key)[:80])


async def test_a_service_with_tls_is_called_watched_and_given_a_new_certificate(tmp_path):
    authority = Authority(tmp_path)
    pair = authority.issue("server", "agents.test")
    with process(tmp_path, LOG_FORMAT="json", **pair.of_service) as service:
        address = f"127.0.0.1:{(await service.started())['grpc']}"
        own = {**pair.of_service, "GRPC_PORT": address.rpartition(":")[2]}
        assert (await command(tmp_path, "health", **own))[:2] == (ExitCode.DONE, f"{address} is serving\n")
        code, output, errors = await command(tmp_path, "run", "Calculate 12*7+5", "--follow", **own)
        assert (code, errors) == (ExitCode.DONE, "")
        assert "answer   89" in output
        plain = {"GRPC_PORT": own["GRPC_PORT"]}
        code, output, errors = await command(tmp_path, "health", **plain)
        assert (code, output) == (ExitCode.UNREACHABLE, "")
        assert errors.startswith(f"gui-agents: {address} speaks TLS, and was called in plain text: ")
        authority.issue("server", "127.0.0.1")
        over_tls = ("--address", address, "--tls-ca", str(authority.file))
        assert (await command(tmp_path, "health", *over_tls))[0] == ExitCode.DONE
        service.popen.terminate()
        assert await service.ended() == 0
        lines = [json.loads(line) for line in service.log.splitlines()]
    messages = [line["message"] for line in lines]
    assert f"gRPC on {address} over TLS" in messages
    assert any(message.startswith("the certificate of gRPC has changed and is in use") for message in messages)
    assert {line["level"] for line in lines} == {"INFO"}
