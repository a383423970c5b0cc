"""The inclusive upper bounds of the histograms' buckets; what is above the last one has no bound.

No quantile that is read from buckets is above the last bound, so that no threshold of an alert may be.
"""

from typing import Final

EXECUTION_SECONDS: Final = (1, 5, 10, 30, 60, 120, 300, 600, 1800, 3600)
"""Of tasks, from running to the end."""
QUEUE_WAIT_SECONDS: Final = (0.1, 0.5, 1, 5, 10, 30, 60, 120)
"""Of tasks, from pending to running."""
TASK_STEPS: Final = (1, 5, 10, 20, 30, 50, 100, 200)
"""The steps of a task."""
RPC_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
"""Of RPCs, from start to end."""
PHASE_SECONDS: Final = (0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60)
"""Of the phases of a step, and of calls to models."""
COMMIT_SECONDS: Final = (0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5)
"""Of the storage, from the begin of a transaction until it is on disk."""
SANDBOX_OPEN_SECONDS: Final = (0.05, 0.5, 2, 10, 30, 60)
"""Of tasks, from asking for a sandbox to having one. A warm one is promised in 50 ms, which is therefore a bound."""
