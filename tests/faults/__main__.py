"""Everything that faults could leave behind: at every await of each operation, on each backend.

    python -m tests.faults [SIZE] [BACKEND ...]

SIZE bounds the awaits of an operation; without it there is a fault of each kind at each of them, and a service with 200
unlucky tasks afterwards.
"""

import asyncio
import logging
import sys
import tempfile
from pathlib import Path

from tests.faults import unlucky
from tests.faults.backends import ACTIONS, standing
from tests.faults.counting import Books, adopt
from tests.faults.proof import operations, prove, reaped

TASKS = 200


async def main(arguments: list[str]) -> int:
    """Print a row for each operation, and what was left. Return 1 if there was anything."""
    size = next((int(word) for word in arguments if word.isdigit()), None)
    backends_asked = [word for word in arguments if not word.isdigit()] or list(ACTIONS)
    logging.disable(logging.ERROR)
    adopt()
    left = 0
    with tempfile.TemporaryDirectory() as directory:
        async with standing(Path(directory)) as backends:
            for backend in backends_asked:
                sandbox = backends.create(backend)
                await sandbox.open()
                await sandbox.observe(screenshot=True)
                await reaped(sandbox)
                books = Books(Path(directory))
                for operation, _does in operations(backend):
                    outcome = await prove(backends, books, backend, operation, size=size)
                    left += len(outcome.left)
                    row = f"{outcome.name:22} awaits {outcome.awaits:4}  faults {outcome.faults:4}"
                    sys.stdout.write(f"{row}  left {len(outcome.left)}\n")
                    sys.stdout.writelines(f"    {each}\n" for each in outcome.left[:20])
                    sys.stdout.flush()
        if not size:
            outcome = await unlucky.run(Path(directory), tasks=TASKS, seed=1)
            left += len(outcome.left) + len(outcome.broken)
            sys.stdout.write(f"{TASKS} unlucky tasks: {outcome.ended}; sandboxes ended: {outcome.sandboxes}\n")
            sys.stdout.writelines(f"    {each}\n" for each in (*outcome.left, *outcome.broken))
    return int(left > 0)


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1:])))
