"""Every answer that is not Prometheus's is one error; those that are become plain data."""

import pytest

from collectors.operations.prometheus_api import AnswerError, PrometheusApi, Sample


def answering(answer):
    return PrometheusApi(lambda _path, _parameters: answer)


METHODS = {
    "targets": PrometheusApi.targets,
    "rules": PrometheusApi.rules,
    "alertmanagers": PrometheusApi.alertmanagers,
    "query": lambda api: api.query("up"),
}
KEYS = ("activeTargets", "groups", "activeAlertmanagers", "result")
STRANGE = [
    [],
    "x",
    5,
    None,
    {},
    {"data": []},
    {"data": {}},
    {"data": "x"},
    {"data": {key: [{}] for key in KEYS}},
    {"data": dict.fromkeys(KEYS, "x")},
    {"data": dict.fromkeys(KEYS, 5)},
    {
        "data": {
            "activeTargets": [{"labels": "x", "health": "up"}],
            "groups": [{"rules": [5]}],
            "result": [{"metric": {}, "value": [0, "x"]}],
        }
    },
]


@pytest.mark.parametrize("answer", STRANGE)
@pytest.mark.parametrize("path", METHODS)
def test_an_answer_of_another_shape_is_one_error(path, answer):
    with pytest.raises(AnswerError, match=f"the answer to api/v1/{path} is not that of a Prometheus"):
        METHODS[path](answering(answer))


def test_a_query_may_ask_for_a_time():
    asked = []

    def ask(path, parameters):
        asked.append((path, parameters))
        return {"data": {"result": [{"metric": {"job": "a"}, "value": [0, "1.5"]}]}}

    api = PrometheusApi(ask)
    assert api.query("up") == (Sample({"job": "a"}, 1.5),)
    assert api.query("up", "2026-01-01T00:00:00Z") == (Sample({"job": "a"}, 1.5),)
    assert asked == [
        ("query", {"query": "up"}),
        ("query", {"query": "up", "time": "2026-01-01T00:00:00Z"}),
    ]
