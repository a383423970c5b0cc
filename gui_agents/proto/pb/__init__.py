"""The import path of existing clients: `from gui_agents.proto.pb import agent_pb2, agent_pb2_grpc`."""

from gui_agents.proto.pb import agent_pb2, agent_pb2_grpc

__all__ = ["agent_pb2", "agent_pb2_grpc"]
