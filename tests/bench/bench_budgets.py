"""A budget that 200 tasks spend at once: never above it, and nearly all of it usable. 1,000 runs on virtual time.

python -m tests.bench.bench_budgets
"""

import sys
from statistics import median

from tests.bench.report import conditions, line
from tests.spenders import LIMIT, TASKS, run

RUNS = 1000


def main() -> int:
    print(conditions())  # noqa: T201
    runs = [run(seed) for seed in range(RUNS)]
    used = [float(spent.at_the_end / LIMIT) for spent in runs]
    told = f"{TASKS} tasks, {RUNS} runs"
    highest = max(float(spent.highest / LIMIT) for spent in runs)
    billed = max(float(spent.billed / LIMIT) for spent in runs)
    kept = (
        line("spent and reserved / budget, highest", highest, at_most=1, detail=told),
        line("billed by the vendor / budget, highest", billed, at_most=1),
        line("used / budget, lowest", min(used), at_least=0.9, detail=f"median {median(used):.3f}"),
    )
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main())
