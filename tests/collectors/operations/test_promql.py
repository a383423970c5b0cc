import pytest

from collectors.operations import promql


def test_variables_of_grafana_are_filled_in():
    tree = promql.parsed("rate(x[$__rate_interval]) + rate(y[$__range]) + rate(z[$__interval])")
    assert tree.prettify() == "rate(x[5m]) + rate(y[1h]) + rate(z[1m])"
    with pytest.raises(ValueError, match="unclosed left parenthesis"):
        promql.parsed("rate(")


def test_every_selector_is_found_in_order():
    tree = promql.parsed("sum(rate(a[5m])) / on (job) (b > 0) unless absent(c) and max_over_time(d[1h:1m])")
    assert [selector.name for selector in promql.selectors(tree)] == ["a", "b", "c", "d"]
