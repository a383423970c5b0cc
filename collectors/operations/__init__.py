"""Rules, dashboards and configuration for those who run the service, generated from one model.

thresholds.py holds every number an operator may change. From them and a scale of time, recording.py and alerts/
make frozen rules, which rules.py writes as YAML, sharding.py for shards, kubernetes.py for the Prometheus Operator;
dashboards/ and configuration.py do the same for Grafana, Prometheus and Alertmanager. installation.py writes the files
of `gui-agents monitoring init`; inspection.py is `gui-agents monitoring check`, which looks at a running Prometheus.
"""
