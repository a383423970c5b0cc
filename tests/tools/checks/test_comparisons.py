import pytest

from collectors.operations import promql
from tools.checks.comparisons import decides
from tools.checks.expressions import Checker
from tools.checks.shapes import Shape

RECORDED = {
    "ratio": Shape(frozenset({"job"}), {"job": "a"}, ratio=True),
    "p95": Shape(frozenset({"job"}), {"job": "a"}, largest_bucket=3600),
    "rate": Shape(frozenset({"job", "le"}), {"job": "a"}, largest_bucket=3600),
}


def futile(query):
    checker = Checker({}, RECORDED)
    checker.shape(query)
    return [problem.partition(": ")[0] for problem in checker.problems]


@pytest.mark.parametrize(
    ("query", "verdict"),
    [
        ("ratio > 1", "> 1 can never be true"),
        ("1 < ratio", "1 < can never be true"),
        ("90 < ratio", "90 < can never be true"),
        ("0 > ratio", "0 > can never be true"),
        ("ratio == 2", "== 2 can never be true"),
        ("2 == ratio", "2 == can never be true"),
        ("ratio == -1", "== -1 can never be true"),
        ("ratio != 2", "!= 2 is always true"),
        ("2 >= ratio", "2 >= is always true"),
        ("-1 <= ratio", "-1 <= is always true"),
        ("p95 == 4000", "== 4000 can never be true"),
        ("4000 < p95", "4000 < can never be true"),
        ("p95 < 4000", "< 4000 is always true"),
        ("p95 < 0", "< 0 can never be true"),
        ("max by (job) (p95) > 4000", "> 4000 can never be true"),
        ("max_over_time(ratio[1h]) > 2", "> 2 can never be true"),
        ("max without (instance) (ratio) > 2", "> 2 can never be true"),
    ],
)
def test_a_comparison_with_one_result_is_told(query, verdict):
    assert futile(query) == [verdict]


@pytest.mark.parametrize(
    "query",
    [
        "ratio == 1",
        "ratio != 0",
        "0.5 < ratio",
        "0 <= ratio",
        "p95 >= 3600",
        "rate > 4000",
        "sum_over_time(ratio[1h]) > 5",
        "sum without (instance) (ratio) > 5",
        "sum by (job) (p95) > 4000",
        "count(ratio) > 5",
        "3 > bool 2",
        "ratio > p95",
    ],
)
def test_a_comparison_that_can_be_true_and_false_is_not(query):
    assert futile(query) == []


@pytest.mark.parametrize(
    ("query", "decided"),
    [
        ("up == 0", True),
        ("up == bool 0", False),
        ("(up > 0) and on (job) x", True),
        ("x unless y", False),
        ("x > 1 or y", False),
        ("x > 1 or y > 1", True),
        ("absent(up)", True),
        ("rate(x[5m])", False),
        ("x", False),
    ],
)
def test_an_alert_needs_a_comparison_that_can_be_false(query, decided):
    assert decides(promql.parsed(query)) is decided
