"""The messages of the contract, where existing clients look for them."""

from gui_agents.proto.agent_pb2 import *  # noqa: F403 - whatever is generated
