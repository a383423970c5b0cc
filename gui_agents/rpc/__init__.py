"""The gRPC side of the service: handlers, conversion of messages, accounting of calls, status codes."""
