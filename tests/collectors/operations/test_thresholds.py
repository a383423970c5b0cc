import attrs
import pytest

from collectors.operations.thresholds import BURN_FACTORS, ThresholdError, Thresholds, with_changes


def test_every_burn_tier_of_the_defaults_can_be_reached():
    defaults = Thresholds()
    for target in (defaults.task_slo, defaults.rpc_slo):
        assert max(BURN_FACTORS) * (1 - target) < 1


@pytest.mark.parametrize("field", attrs.fields(Thresholds), ids=lambda field: field.name)
def test_a_value_at_or_beyond_either_end_of_its_range_is_refused_by_name(field):
    for value in (field.metadata["low"], field.metadata["high"], float("nan")):
        with pytest.raises(ThresholdError, match=f"^{field.name}: ") as caught:
            Thresholds(**{field.name: value})
        assert caught.value.field == field.name


def test_an_objective_whose_fastest_tier_could_never_fire_is_refused():
    with pytest.raises(ThresholdError, match=r"task_slo: 14.4 times the error budget of 0.1 .* take more than 0.9306"):
        Thresholds(task_slo=0.9)


def test_a_memory_warning_above_the_limit_is_refused():
    with pytest.raises(ThresholdError, match="memory_bytes: must be below memory_limit_bytes"):
        Thresholds(memory_bytes=5 * 2**30)


def test_changes_are_applied():
    assert with_changes(["cost=25", "task_slo=0.99"]) == Thresholds(cost=25, task_slo=0.99)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("costs=3", "costs: is no threshold; known are auth_failures, budget_minimum, budget_ratio, cost, "),
        ("cost=much", "cost: 'much' is no number; write cost=NUMBER"),
        ("cost", "cost: '' is no number"),
        ("grpc_latency_p95_seconds=10", "grpc_latency_p95_seconds: 10 is not between 0 and 10"),
    ],
)
def test_a_change_that_cannot_be_made_says_why(change, message):
    with pytest.raises(ThresholdError) as caught:
        with_changes([change])
    assert str(caught.value).startswith(message)


def test_more_restarts_than_its_window_can_show_are_refused():
    with pytest.raises(ThresholdError, match="restarts: 30 is not between -1 and 30"):
        Thresholds(restarts=30)
