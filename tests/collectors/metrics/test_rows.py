"""The rows of the catalogue against an idle service: each closed set is complete, and the labels are those it reads."""

import pytest

from collectors.metrics import catalogue
from collectors.metrics.definitions import MetricType
from gui_agents.domain.rpc import StatusCode
from gui_agents.domain.sandbox import SandboxStart
from tools import idle

SNAPSHOT = idle.state(guarded=True).snapshot()
ROWS = [metric for section in catalogue.sections() if section.subject is None for metric in section.metrics]
CLOSED = [(metric, label) for metric in ROWS for label in metric.closed]


def keys(metric):
    """Return the label values of each series of an idle service, as tuples."""
    return [key if isinstance(key, tuple) else (key,) for key in metric.read(SNAPSHOT)]


@pytest.mark.parametrize(("metric", "label"), CLOSED, ids=lambda part: getattr(part, "name", part))
def test_a_closed_set_is_there_from_the_start(metric, label):
    place = metric.label_names.index(label)
    found = {key[place] for key in keys(metric)}
    if set(metric.closed[label]) <= set(StatusCode):
        # Those that a method can answer with; others appear when they first happen.
        assert found <= set(metric.closed[label])
    elif set(metric.closed[label]) == set(SandboxStart):
        # The others appear with the first sandbox of their type, before a task can have one that was not cold.
        assert found == {SandboxStart.COLD}
    else:
        assert found == set(metric.closed[label])


def test_label_values_are_plain_text():
    values = {type(value) for metric in ROWS if metric.label_names for key in keys(metric) for value in key}
    assert values == {str}


def test_an_info_metric_reads_the_labels_that_its_row_describes():
    infos = [metric for metric in ROWS if metric.type is MetricType.INFO]
    assert [tuple(metric.read(SNAPSHOT)) for metric in infos] == [tuple(metric.labels) for metric in infos]
    assert [metric.label_names for metric in infos] == [()]


def test_no_label_is_without_bounds():
    assert "task_id" not in {label for metric in ROWS for label in metric.labels}


def test_rows_name_metrics_and_labels_of_the_catalogue():
    names = {metric.name for metric in ROWS}
    assert {metric.part_of for metric in ROWS if metric.part_of} <= names
    assert all(metric.overlapping in metric.labels for metric in ROWS if metric.overlapping)
