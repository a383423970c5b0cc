"""Prometheus: the custom collector over the service's snapshots, and the endpoint that serves it."""
