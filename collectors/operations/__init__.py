"""Rules, dashboards and configuration for those who run the service, generated from one model, and their checks.

thresholds.py holds every number an operator may change. From them and a scale of time, recording.py and alerts/
make frozen rules, which rules.py writes as YAML; dashboards/ and configuration.py do the same for Grafana,
Prometheus, Alertmanager and Kubernetes. `python -m tools.generate docs` writes all files, and with
`--check` tells which of them are stale. checks/ reads files, whoever wrote them, and reports what is wrong by file,
line and reason: `python -m tools.checks docs`.
"""
