"""OTLP requests read back as Prometheus would show them, and what a registry shows of the same snapshot."""

import math
from itertools import accumulate

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.metrics.v1 import metrics_pb2
from prometheus_client.utils import floatToGoString

from collectors import ServiceCollector


def scope_metrics(request: ExportMetricsServiceRequest) -> list[metrics_pb2.Metric]:
    (resource,) = request.resource_metrics
    (scope,) = resource.scope_metrics
    return list(scope.metrics)


def resource_attributes(request: ExportMetricsServiceRequest) -> dict[str, str]:
    return attributes(request.resource_metrics[0].resource)


def attributes(owner) -> dict[str, str]:
    return {pair.key: pair.value.string_value for pair in owner.attributes}


def otlp_samples(metrics) -> dict[tuple[str, frozenset], float]:
    """Return every number by sample name and labels; a number that comes twice is an error."""
    samples: dict[tuple[str, frozenset], float] = {}

    def add(name, labels, value):
        key = name, frozenset(labels.items())
        assert key not in samples, f"{key} twice"
        samples[key] = float(value)

    for metric in metrics:
        kind = metric.WhichOneof("data")
        for point in getattr(metric, kind).data_points:
            labels = attributes(point)
            if kind == "histogram":
                bounds = [*map(floatToGoString, point.explicit_bounds), "+Inf"]
                for bound, count in zip(bounds, accumulate(point.bucket_counts), strict=True):
                    add(f"{metric.name}_bucket", labels | {"le": bound}, count)
                add(f"{metric.name}_count", labels, point.count)
                add(f"{metric.name}_sum", labels, point.sum)
            else:
                add(metric.name, labels, getattr(point, point.WhichOneof("value")))
    return samples


def collector_samples(source, sections) -> dict[tuple[str, frozenset], float]:
    """Return every sample of the ordinary collector, but quantiles of nothing."""
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in ServiceCollector(source, sections).collect()
        for sample in family.samples
        if not math.isnan(sample.value)
    }


def lasting(samples):
    """Return what does not change from one reading of a fixed source to the next."""
    moving = ("process_", "python_gc_", "agent_memory_", "agent_collector_duration")
    return {key: value for key, value in samples.items() if not key[0].startswith(moving)}
