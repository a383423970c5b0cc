"""A protobuf page as a scraper reads it."""

from collections import Counter
from io import BytesIO
from itertools import accumulate

from google.protobuf.proto import parse_length_prefixed

from tests.collectors.exposition import native_pb2 as pb


def parsed(page):
    """Return the families of a page."""
    stream, families = BytesIO(page), []
    while (family := parse_length_prefixed(pb.MetricFamily, stream)) is not None:
        families.append(family)
    return families


def samples(families):
    """Return every classic sample by its name and labels, as the text formats spell them."""
    return {
        (name, frozenset(labels.items())): value
        for family in families
        for series in family.metric
        for name, labels, value in _samples(family, series)
    }


def _samples(family, series):
    labels = {pair.name: pair.value for pair in series.label}
    kind = pb.MetricType.Name(family.type).lower()
    value = getattr(series, kind)
    if kind == "histogram":
        for bucket in value.bucket:
            bound = "+Inf" if bucket.upper_bound == float("inf") else repr(bucket.upper_bound)
            yield f"{family.name}_bucket", {**labels, "le": bound}, bucket.cumulative_count
    elif kind == "summary":
        for quantile in value.quantile:
            yield family.name, {**labels, "quantile": repr(quantile.quantile)}, quantile.value
    else:
        yield family.name, labels, value.value
        return
    yield f"{family.name}_count", labels, value.sample_count
    yield f"{family.name}_sum", labels, value.sample_sum


def native_buckets(histogram):
    """Return the counts of a native histogram by index."""
    return decoded([(span.offset, span.length) for span in histogram.positive_span], histogram.positive_delta)


def decoded(spans, deltas):
    """Return the counts by index that runs of buckets and differences between them stand for."""
    indexes, position = [], 0
    for offset, length in spans:
        position += offset
        indexes.extend(range(position, position + length))
        position += length
    counts = list(accumulate(deltas))
    assert len(indexes) == len(counts)
    return Counter(dict(zip(indexes, counts, strict=True)))
