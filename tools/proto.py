"""Generates the protobuf code from its proto files; with --check, fails if the committed code is old."""

import argparse
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from grpc_tools import protoc

ROOT = Path(__file__).resolve().parent.parent
MESSAGES: Final = {"python": "_pb2.py", "pyi": "_pb2.pyi"}
SERVICE: Final = {**MESSAGES, "grpc_python": "_pb2_grpc.py"}
SOURCES: Final[Mapping[str, Mapping[str, str]]] = {
    "gui_agents/proto/agent.proto": SERVICE,
    "gui_agents/proto/operator.proto": SERVICE,
    "tests/collectors/exposition/native.proto": MESSAGES,
}
"""By source: what is generated from it, and how the names of those files end."""


def generate(target: Path) -> None:
    """Write the generated files below `target`."""
    bundled = Path(protoc.__file__).parent / "_proto"
    for source, kinds in SOURCES.items():
        outputs = [f"--{kind}_out={target}" for kind in kinds]
        status = protoc.main(["protoc", f"-I{ROOT}", f"-I{bundled}", *outputs, source])
        if status != 0:
            sys.exit(status)


def outdated(fresh: Path) -> dict[str, str]:
    """Return the committed files that differ from those below `fresh`, with their sources."""
    names = {
        source.removesuffix(".proto") + suffix: source for source, kinds in SOURCES.items() for suffix in kinds.values()
    }
    return {
        name: source
        for name, source in names.items()
        if not (ROOT / name).is_file() or (ROOT / name).read_bytes() != (fresh / name).read_bytes()
    }


def main() -> int:
    """Generate, or check."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; fail if the committed code is old")
    if not parser.parse_args().check:
        generate(ROOT)
        return 0
    with tempfile.TemporaryDirectory() as directory:
        generate(Path(directory))
        names = outdated(Path(directory))
    for name, source in names.items():
        print(f"{name} is not what {source} generates; run: make proto", file=sys.stderr)
    return 1 if names else 0


if __name__ == "__main__":
    sys.exit(main())
