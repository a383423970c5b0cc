"""Runs GUI-agent tasks behind gRPC."""
