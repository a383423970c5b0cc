"""Writes the pages that code generates; with --check, tells which of the committed ones are old."""

import argparse
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from collectors.operations import thresholds
from gui_agents.commands import config
from tools import configuration_page
from tools import metrics_page as docs

ROOT = Path(__file__).resolve().parent.parent

THRESHOLDS_BELOW: Final = "<!-- thresholds -->\n"


def runbooks_index(text: str) -> str:
    """Return the page of the runbooks with the thresholds as they are below its last paragraph."""
    written, marker, _ = text.partition(THRESHOLDS_BELOW)
    return f"{written}{marker}\n{thresholds.table()}"


PAGES: Final[Mapping[str, Callable[[], str]]] = {
    ".env.example": config.dotenv_example,
    "docs/configuration.md": lambda: configuration_page.with_table((ROOT / "docs" / "configuration.md").read_text()),
    "docs/metrics.md": docs.render,
    "docs/runbooks/README.md": lambda: runbooks_index((ROOT / "docs" / "runbooks" / "README.md").read_text()),
    "collectors/README.md": lambda: docs.with_table((ROOT / "collectors" / "README.md").read_text()),
}


def outdated() -> list[str]:
    """Return the pages that are not what their code writes."""
    return [
        name for name, render in PAGES.items() if not (ROOT / name).is_file() or (ROOT / name).read_text() != render()
    ]


def main() -> int:
    """Write, or check."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; fail where a page is old")
    names = outdated()
    if not parser.parse_args().check:
        for name in names:
            (ROOT / name).write_text(PAGES[name]())
            print(f"wrote {name}")
        return 0
    for name in names:
        print(f"{name} is not what the code generates; run: make docs", file=sys.stderr)
    return 1 if names else 0


if __name__ == "__main__":
    sys.exit(main())
