"""The vocabulary of the checks against what a service really exposes."""

import math

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from collectors.exposition.collector import ServiceCollector
from collectors.operations.vocabulary import CODES, LARGEST_BUCKET, METHODS, PROMETHEUS_OWN, VALUES, known_series
from gui_agents import config
from gui_agents.domain.clock import SystemClock
from gui_agents.models.prices.price_list import PriceList
from gui_agents.service import build_state


@pytest.fixture(scope="module")
def samples():
    """All samples of a service that has just begun."""
    registry = CollectorRegistry()
    registry.register(ServiceCollector(build_state(config.load({}), PriceList.load(None), SystemClock())))
    families = text_string_to_metric_families(generate_latest(registry).decode())
    return [sample for family in families for sample in family.samples]


def test_everything_that_is_exposed_is_known_with_its_labels(samples):
    known = known_series()
    for sample in samples:
        assert sample.name in known
        assert set(sample.labels) <= known[sample.name].labels, sample.name


def test_everything_that_is_known_is_exposed_or_told_by_prometheus(samples):
    absent_at_first = {
        "agent_task_oldest_pending_timestamp_seconds",
        "agent_task_oldest_progress_timestamp_seconds",
        "agent_task_success_rate",
    }
    of_prometheus = {metric.name for metric in PROMETHEUS_OWN}
    assert set(known_series()) - {sample.name for sample in samples} == absent_at_first | of_prometheus


def test_the_largest_buckets_are_those_of_the_service(samples):
    found: dict[str, float] = {}
    for sample in samples:
        if sample.name.endswith("_bucket"):
            bound = float(sample.labels["le"])
            name = sample.name.removesuffix("_bucket")
            found[name] = max(found.get(name, 0), bound if math.isfinite(bound) else 0)
    assert found == LARGEST_BUCKET


@pytest.mark.parametrize(("name", "label"), VALUES)
def test_closed_sets_of_values_are_those_of_the_service(samples, name, label):
    found = {sample.labels[label] for sample in samples if sample.name.removesuffix("_bucket") == name}
    if VALUES[name, label] <= CODES:
        assert found <= VALUES[name, label]
    else:
        assert found == VALUES[name, label]


def test_methods_are_those_of_the_service(samples):
    assert {sample.labels["method"] for sample in samples if sample.name == "agent_grpc_requests_total"} == METHODS
