"""The sets that RPCs are counted by are those of gRPC and of the contract."""

import grpc

from gui_agents.domain.rpc import ERRORS, OTHER, STREAMING, MethodName, StatusCode
from gui_agents.proto import agent_pb2 as pb

CONTRACT = pb.DESCRIPTOR.services_by_name["Agent"].methods


def test_status_codes_are_those_of_grpc():
    assert set(StatusCode) == {code.name for code in grpc.StatusCode}
    assert set(ERRORS) == set(StatusCode) - {"OK"}


def test_methods_are_those_of_the_contract_and_other():
    assert set(MethodName) == {method.name for method in CONTRACT} | {OTHER}


def test_the_methods_with_streams_are_those_of_the_contract():
    assert set(STREAMING) == {method.name for method in CONTRACT if method.server_streaming}
