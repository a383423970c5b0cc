"""Kills a service at random points under load; exits with 1 if anything that clients were told is not true afterwards.

python -m tests.crash [--points 100] [--seed N] [--postgres] [--requeue]
"""

import argparse
import asyncio
import contextlib
import random
import sys

from tests import postgres
from tests.crash.siege import Findings, besiege, on_postgres


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.crash", description=__doc__)
    parser.add_argument("--points", type=int, default=100)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--postgres", action="store_true", help="on a PostgreSQL server of its own")
    parser.add_argument("--requeue", action="store_true", help="with TASK_RESUME=requeue")
    chosen = parser.parse_args(arguments)
    environment = {"TASK_RESUME": "requeue"} if chosen.requeue else {}
    print(f"{chosen.points} points, seed {chosen.seed}", flush=True)  # noqa: T201
    with contextlib.ExitStack() as stack:
        if chosen.postgres:
            running = stack.enter_context(postgres.server())
            environment |= on_postgres(running)
        findings = asyncio.run(besiege(points=chosen.points, seed=chosen.seed, environment=environment))
    for text in report(findings):
        print(text)  # noqa: T201
    return 1 if findings.problems else 0


def report(findings: Findings) -> list[str]:
    ready = sorted(findings.ready_seconds)
    return [
        *(f"PROBLEM {problem}" for problem in findings.problems[:30]),
        f"killed {findings.points} times, {findings.killed_starting} of them while it started",
        f"acknowledged {findings.acknowledged} tasks; clients were told the end of {findings.told_ended} before a kill",
        f"after restarts {findings.restored} waited again and {findings.interrupted} had failed",
        f"ends: {', '.join(f'{name} {number}' for name, number in findings.statuses.most_common())}",
        f"served again after {ready[len(ready) // 2]:.2f} s (median), {ready[-1]:.2f} s (worst)",
        f"{len(findings.problems)} problems",
    ]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
