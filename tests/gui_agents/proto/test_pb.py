"""What existing clients import and generate stays where it was."""

from pathlib import Path

import gui_agents
from gui_agents.proto import agent_pb2 as ours
from gui_agents.proto import agent_pb2_grpc as our_stubs
from gui_agents.proto.pb import agent_pb2, agent_pb2_grpc
from gui_agents.proto.pb.agent_pb2 import CommonConfig, InstanceMode

ROOT = Path(__file__).parents[3]


def test_the_old_import_path_has_the_same_messages_and_stubs():
    assert (CommonConfig, InstanceMode) == (ours.CommonConfig, ours.InstanceMode)
    names = [name for name in vars(ours) if not name.startswith("_")]
    assert [name for name in names if getattr(agent_pb2, name) is not getattr(ours, name)] == []
    assert agent_pb2_grpc.AgentStub is our_stubs.AgentStub
    assert agent_pb2_grpc.add_AgentServicer_to_server is our_stubs.add_AgentServicer_to_server


def test_stubs_that_are_generated_keep_their_names():
    options = ours.DESCRIPTOR.GetOptions()
    assert options.go_package == "github.com/lybic/lybic-sdk-go/agent"
    assert (options.java_package, options.java_outer_classname) == ("com.lybic.agent", "AgentProto")
    assert options.java_multiple_files is True
    assert ours.DESCRIPTOR.package == "lybic.agent"


def test_the_package_tells_its_version():
    assert gui_agents.__version__.count(".") == 2
