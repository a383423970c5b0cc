"""Generates the protobuf code from its proto file; with --check, tells whether the committed code is up to date."""

import argparse
import sys
import tempfile
from pathlib import Path

from grpc_tools import protoc

ROOT = Path(__file__).resolve().parent.parent
SOURCE = Path("gui_agents/proto/agent.proto")
SUFFIXES = ("_pb2.py", "_pb2.pyi", "_pb2_grpc.py")


def generate(target: Path) -> None:
    """Write the generated files below `target`."""
    bundled = Path(protoc.__file__).parent / "_proto"
    outputs = [f"--{kind}_out={target}" for kind in ("python", "pyi", "grpc_python")]
    status = protoc.main(["protoc", f"-I{ROOT}", f"-I{bundled}", *outputs, str(SOURCE)])
    if status != 0:
        sys.exit(status)


def outdated(fresh: Path) -> list[str]:
    """Return the committed files that differ from those below `fresh`."""
    names = [str(SOURCE.with_suffix("")) + suffix for suffix in SUFFIXES]
    return [
        name
        for name in names
        if not (ROOT / name).is_file() or (ROOT / name).read_bytes() != (fresh / name).read_bytes()
    ]


def main() -> int:
    """Generate, or check."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; fail where the committed code is old")
    if not parser.parse_args().check:
        generate(ROOT)
        return 0
    with tempfile.TemporaryDirectory() as directory:
        generate(Path(directory))
        names = outdated(Path(directory))
    for name in names:
        print(f"{name} is not what {SOURCE} generates; run: make proto", file=sys.stderr)
    return 1 if names else 0


if __name__ == "__main__":
    sys.exit(main())
