"""Random input for every RPC and HTTP path; exits with 1 if the service has shown a defect.

FUZZ_SECONDS=120 python -m tests.fuzz [SEED]
"""

import asyncio
import os
import random
import sys
import tempfile
from pathlib import Path

from tests.fuzz.fuzzing import fuzz


def main(arguments: list[str]) -> int:
    seconds = float(os.environ.get("FUZZ_SECONDS", "120"))
    seed = int(arguments[0]) if arguments else random.randrange(10**6)
    print(f"{seconds:g} s, seed {seed}", flush=True)  # noqa: T201
    defects = 0
    for tokens in (False, True):
        with tempfile.TemporaryDirectory() as directory:
            findings = asyncio.run(fuzz(Path(directory), seconds=seconds / 2, seed=seed, tokens=tokens))
        for problem in findings.problems:
            print(f"PROBLEM {problem}")  # noqa: T201
        defects += len(findings.problems)
        print(  # noqa: T201
            f"{'with' if tokens else 'without'} tokens: calls {dict(findings.calls.most_common())}, "
            f"pages {dict(findings.pages.most_common())}, {findings.connections} connections of no library"
        )
    return 1 if defects else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
