"""A service that has just begun, with its default configuration and a budget of money: what it reads and shows."""

from collections.abc import Collection
from pathlib import Path
from typing import Final

import attrs
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.samples import Sample

from collectors.exposition.collector import ServiceCollector
from collectors.metrics import catalogue
from gui_agents import config
from gui_agents.domain.clock import SystemClock
from gui_agents.models.prices.price_list import PriceList
from gui_agents.service import build_state
from gui_agents.state.service_state import ServiceState

BUDGET: Final = {"DAILY_MAX_COST": "5 USD", "TASK_MAX_COST": "1"}
"""Without one, the metrics of budgets would be absent."""


def state(*, guarded: bool = False) -> ServiceState:
    """Return the state of such a service; one that is `guarded` has tokens, so that no metric is absent."""
    loaded = config.load(BUDGET)
    if guarded:
        # The state never reads the file.
        loaded = attrs.evolve(loaded, access=attrs.evolve(loaded.access, tokens_file=Path("tokens")))
    return build_state(loaded, PriceList.load(None), SystemClock())


def families(disabled: Collection[str] = ()) -> list[Family]:
    """Return what its first scrape shows, without the optional families that `disabled` names."""
    return list(ServiceCollector(state(), catalogue.sections(disabled)).collect())


def samples(disabled: Collection[str] = ()) -> list[Sample]:
    """Return all samples of its first scrape, without the optional families that `disabled` names."""
    return [sample for family in families(disabled) for sample in family.samples]
