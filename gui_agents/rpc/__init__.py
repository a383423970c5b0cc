"""gRPC: protobuf to domain and back, accounting, status codes."""
