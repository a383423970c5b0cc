"""Loopback peers for tests and benchmarks: scripted servers that speak real protocols."""
