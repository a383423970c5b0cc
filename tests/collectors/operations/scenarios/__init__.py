"""For every rule what makes it fire, and what comes close and must not; one file for each group of alerts."""

from typing import Final

from tests.collectors.operations.scenarios import (
    access,
    availability,
    capacity,
    cost,
    meta,
    rpc,
    sandboxes,
    slo,
    storage,
    tasks,
)

CASES: Final = (
    *availability.CASES,
    *tasks.CASES,
    *capacity.CASES,
    *sandboxes.CASES,
    *storage.CASES,
    *access.CASES,
    *rpc.CASES,
    *cost.CASES,
    *slo.CASES,
    *meta.CASES,
)
"""Every rule but Watchdog, which cannot resolve."""
