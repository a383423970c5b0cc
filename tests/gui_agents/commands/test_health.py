import json
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest
from grpc_health.v1 import health, health_pb2_grpc

from gui_agents import cli
from gui_agents.commands.exits import ExitCode


@pytest.fixture
def draining():
    """The address of a service that is shutting down."""
    with ThreadPoolExecutor(1) as pool:
        server = grpc.server(pool)
        servicer = health.HealthServicer()
        servicer.enter_graceful_shutdown()
        health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        yield f"127.0.0.1:{port}"
        server.stop(None).wait()


def test_a_service_that_serves_is_healthy(service, capsys):
    _, address = service
    assert cli.main(["health", "--address", address]) == ExitCode.DONE
    assert capsys.readouterr().out == f"{address} is serving\n"


def test_a_service_that_drains_is_not(draining, capsys):
    assert cli.main(["health", "--address", draining]) == ExitCode.FAILED
    assert capsys.readouterr().out == f"{draining} is not serving\n"


def test_scripts_get_json(service, draining, capsys):
    _, address = service
    assert cli.main(["health", "--json", "--address", address]) == ExitCode.DONE
    assert cli.main(["health", "--json", "--address", draining]) == ExitCode.FAILED
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert told == [{"address": address, "serving": True}, {"address": draining, "serving": False}]


def test_nothing_that_answers_is_out_of_reach(unused_tcp_port, capsys):
    address = f"127.0.0.1:{unused_tcp_port}"
    assert cli.main(["health", "--address", address]) == ExitCode.UNREACHABLE
    assert f"no service answers at {address}" in capsys.readouterr().err
