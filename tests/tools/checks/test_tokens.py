import pytest

from tools.checks.expressions import Checker
from tools.checks.tokens import Kind, tokens
from tools.vocabulary import known_series


def offsets(text):
    """Where the problems of a query are, each as the text that stands there."""
    checker = Checker(known_series())
    checker.shape(text)
    return [text[problem.offset :] for problem in checker.problems]


def test_what_could_be_taken_for_another_part_is_one_token():
    text = "sum by (a, or) (x{b!=\"}'\",c='\\'>'} [5m:1m] offset -5m) # > 1\n>= bool -1.5e+3 @ 7 and `>`"
    assert [(token.kind.name, token.text) for token in tokens(text)] == [
        ("NAME", "sum"),
        ("LABELS", "by (a, or)"),
        ("OPERATOR", "("),
        ("NAME", "x"),
        ("MATCHERS", "{b!=\"}'\",c='\\'>'}"),
        ("RANGE", "[5m:1m]"),
        ("SHIFT", "offset -5m"),
        ("OPERATOR", ")"),
        ("OPERATOR", ">="),
        ("NAME", "bool"),
        ("OPERATOR", "-"),
        ("NUMBER", "1.5e+3"),
        ("SHIFT", "@ 7"),
        ("NAME", "and"),
        ("STRING", "`>`"),
    ]


def test_a_token_knows_where_it_begins():
    text = "a  + # b\n c:d"
    assert [(token.offset, token.kind) for token in tokens(text)] == [
        (0, Kind.NAME),
        (3, Kind.OPERATOR),
        (10, Kind.NAME),
    ]


UP = 'up{job="a"}'
RATE = 'rate(agent_grpc_requests_total{job="a"}[5m])'


@pytest.mark.parametrize(
    ("query", "place"),
    [
        (f"{UP} > 0 > 1", "> 1"),
        (f"{UP} > 0.5 and {UP} > 2", "> 2"),
        (f"{UP} > 0.5 # > 2\nand {UP} > 2", "> 2"),
        (f"({UP} - -1 - 1) * 0 + ({UP} >= 2)", ">= 2)"),
        (f"-{UP} - -{UP} and on (job) ({UP} > 3)", "> 3)"),
        (f"{UP} offset -5m - {UP} or on (job) {UP} < -1", "< -1"),
        (f"{UP} > 0 AND 5 < {UP}", f"< {UP}"),
        (f"{UP} and {UP} and sum by (job) ({UP})", f"and sum by (job) ({UP})"),
        (f'up{{job="up > 1"}} == 1 or {UP} > 1', "> 1"),
        (f"{UP} == 1 or up == 1", "up == 1"),
        (f"{UP} or {UP} or upp{UP[2:]}", f"upp{UP[2:]}"),
        (f'{UP} or up{{job="b", jb="job"}}', 'jb="job"}'),
        ('{__name__="up", job="a", jb="c"}', 'jb="c"}'),
        ('{__name__="upp", job="a"}', '{__name__="upp", job="a"}'),
        (f"sum by (job) ({RATE}) / sum by (jb, job) ({RATE})", f"/ sum by (jb, job) ({RATE})"),
        (f"sum(sum({RATE}) by (method, job)) by (method, job, instance)", "instance)"),
        (f"topk(2, {UP}) or quantile(0.9, {UP}) > 0 or {UP} > 1", "> 1"),
        (f"{RATE} or rate(agent_tasks_active{UP[2:]}[5m])", f"agent_tasks_active{UP[2:]}[5m])"),
        (f"{RATE} + histogram_quantle(0.5, {RATE})", f"histogram_quantle(0.5, {RATE})"),
        (f"{RATE} + rate(agent_grpc_requests_total{UP[2:]}[15])", "[15])"),
        (f"{RATE} + {UP} offset 15", "offset 15"),
        (f"max_over_time({UP}[1h:15])", "[1h:15])"),
    ],
)
def test_a_problem_is_told_where_it_stands(query, place):
    assert place in offsets(query)


def test_a_duration_with_a_unit_and_a_number_of_seconds_since_1970_are_no_problem():
    assert offsets(f"max_over_time({UP}[1h30m:15s] offset -5m) + {UP} @ 1700000000") == []
