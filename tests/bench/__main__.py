"""All benchmarks, one after the other; exits with 1 where a ratio misses its limit.

python -m tests.bench [NAME ...]
"""

import importlib
import sys
from pathlib import Path


def names() -> list[str]:
    return sorted(path.stem.removeprefix("bench_") for path in Path(__file__).parent.glob("bench_*.py"))


def main(chosen: list[str]) -> int:
    unknown = sorted(set(chosen) - set(names()))
    if unknown:
        print(f"no benchmark is called {', '.join(unknown)}; there are: {', '.join(names())}", file=sys.stderr)  # noqa: T201
        return 2
    missed = 0
    for name in chosen or names():
        print(f"\n== {name}", flush=True)  # noqa: T201
        missed += importlib.import_module(f"tests.bench.bench_{name}").main() != 0
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
