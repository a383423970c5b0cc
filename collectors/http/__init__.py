"""The endpoint that serves the metrics and the status page, in a thread of its own.

Its public names are exported by `collectors`: `metrics_endpoint`, `MetricsEndpoint`, `Limits` and `check_settings`.
"""
