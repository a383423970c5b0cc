"""The words of the rules, beside the selectors that a parser of PromQL finds."""

import promql_parser as promql
import pytest

from collectors.metrics import catalogue
from collectors.operations.alerts import alert_groups
from collectors.operations.model import Setting
from collectors.operations.reads import words_of_rules
from collectors.operations.recording import recordings

EXPRESSIONS = [rule.expr for group in (*alert_groups(Setting()), *recordings(Setting())) for rule in group.rules]


def selected(node):
    """Yield the name of each selector below a node of an expression."""
    if isinstance(node, promql.VectorSelector):
        yield node.name
    elif isinstance(node, promql.MatrixSelector):
        yield node.vector_selector.name
    elif isinstance(node, promql.BinaryExpr):
        yield from selected(node.lhs)
        yield from selected(node.rhs)
    elif isinstance(node, promql.Call):
        for argument in node.args:
            yield from selected(argument)
    elif not isinstance(node, promql.NumberLiteral | promql.StringLiteral):
        yield from selected(node.expr)


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_every_series_that_a_rule_selects_is_among_them(expression):
    names = set(selected(promql.parse(expression)))
    assert names <= words_of_rules()


def test_of_our_metrics_they_name_those_that_rules_select_and_no_other():
    names = {name for expression in EXPRESSIONS for name in selected(promql.parse(expression))}
    metrics = [metric for section in catalogue.sections() for metric in section.metrics]
    read = {metric.name for metric in metrics if metric.names & words_of_rules()}
    assert read == {metric.name for metric in metrics if metric.names & names}
    assert {"agent_grpc_handled_total", "agent_tasks_created_total"} <= read
    assert {"agent_grpc_errors_total", "agent_actions_total"}.isdisjoint(read)
