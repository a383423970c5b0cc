"""The tables of samples add up."""

import re

from tools import idle, sample_tables


def rows(table):
    """Return the rows of a table as lists of cells, without the head."""
    return [[cell.strip(" *") for cell in line.split("|")[1:-1]] for line in table.splitlines()[3:]]


def test_the_metrics_with_the_most_samples_are_named():
    *named, rest, everything, least = rows(sample_tables.by_metric())
    sizes = [int(size) for _, size in named]
    assert len(named) == sample_tables.LARGEST
    assert sizes == sorted(sizes, reverse=True)
    assert [name for name, _ in named][:2] == ["`agent_grpc_request_duration_seconds`", "`agent_grpc_handled_total`"]
    assert sum(sizes) + int(rest[1]) == int(everything[1]) == len(idle.samples())
    assert int(least[1]) < int(everything[1])


def test_the_kinds_of_samples_add_up():
    *kinds, everything, added = rows(sample_tables.by_kind())
    assert sum(int(size) for _, size in kinds) == int(everything[1]) == len(idle.samples())
    assert int(everything[1]) + int(added[1]) == sample_tables.series()


def test_the_needs_of_many_instances_follow_from_those_of_one():
    table = rows(sample_tables.by_instances())
    series = sample_tables.series()
    assert [int(live.replace(",", "")) for _, live, *_ in table] == [10 * series, 1_000 * series, 100_000 * series]
    ten, _, many = table
    assert re.fullmatch(r"\d+ MiB", ten[3])
    assert re.fullmatch(r"\d+ MB", ten[4])
    assert many[3] == f"{100_000 * series * 3 / 2**20:.0f} GiB"
    assert many[4] == f"{100_000 * series / 15 * 86_400 * 1.5 / 1e9:.0f} GB"
