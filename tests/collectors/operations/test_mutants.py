"""Whatever is changed in a rule, its timelines hear it."""

from collections.abc import Mapping
from typing import Final

import pytest

from collectors.operations.model import Alert
from tests.collectors.operations.mutants import mutants
from tests.collectors.operations.promtool import Variant, alerts, failures
from tests.collectors.operations.scenarios import CASES
from tests.collectors.operations.scenarios.case import Case

pytestmark = pytest.mark.system_tools

RPC_WINDOWS: Final = {
    "FastBudgetBurn-1h": ("1h", "5m"),
    "FastBudgetBurn-6h": ("6h", "30m"),
    "SlowBudgetBurn-1d": ("1d", "2h"),
    "SlowBudgetBurn-3d": ("3d", "6h"),
}
EQUIVALENT: Final[Mapping[tuple[str, str], str]] = {
    ("Restarting", "2 x1.25 (9)"): "restarts are counted in whole numbers: more than 2.5 are more than 2",
    ("ScrapesFail", "2 x1.25 (10)"): "changes are counted in whole numbers",
    **{
        ("DailyBudgetBurn", f"86400 x{factor} (28)"): "what is left of the day is the same in its first 19 hours"
        for factor in (0.8, 1.25)
    },
    ("MetricsAbsent", "window without a bridge (8)"): "without the metrics of one scrape, the hold would only begin",
    **{
        (
            "HighGRPCErrorRate",
            f"agent_grpc_handled_total method dropped ({place})",
        ): "the others still leave `other` out"
        for place in (6, 12, 19)
    },
    **{
        (f"RpcSlo{tier}", f"job:agent_grpc_errors:ratio_rate{window}: window x0.5 (11)"): "0 times them is 0"
        for tier, windows in RPC_WINDOWS.items()
        for window in windows
    },
}
"""Mutants that mean the same as their rule, by the place of what is changed in its tree, and why."""


def _mutants(case: Case, rule: Alert) -> list[Variant]:
    """Return the mutants of a rule; the ratios of all tiers differ in windows alone: one shows their matchers."""
    return list(mutants(rule, matchers_of_recordings=case.labels.get("long", "1h") == "1h"))


def test_every_mutant_of_every_alert_breaks_its_timelines(tmp_path):
    rules = alerts()
    variants = {case.key: _mutants(case, rules[case.key]) for case in CASES}
    broken = {(failure.key, failure.variant) for failure in failures(tmp_path, variants, CASES, exact=True)}
    survivors = {(key, one.name) for key, ones in variants.items() for one in ones} - broken
    assert survivors == set(EQUIVALENT)
