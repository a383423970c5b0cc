"""Writes the pages and passages that code generates; with --check, lists the committed ones that are old."""

import argparse
import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Final

import attrs

from collectors.operations.thresholds import Thresholds
from gui_agents.commands import config
from tools import metrics_page, passages, wire_page

ROOT = Path(__file__).resolve().parent.parent

INDEX: Final = "collectors/operations/runbook_pages/README.md"
"""The page that lists the runbooks; `python -m tools.generate docs` copies it and the others to docs/runbooks."""
THRESHOLDS_BELOW: Final = "<!-- thresholds -->\n"


def thresholds_table() -> str:
    """Return all thresholds as a table of Markdown, with their defaults and ranges."""
    lines = ["| Threshold | Default | Between | What it is |", "|---|---|---|---|"]
    lines.extend(
        f"| `{field.name}` | {field.default:,.12g} | {field.metadata['low']:,.12g} and {field.metadata['high']:,.12g}"
        f" | {field.metadata['help']} |"
        for field in attrs.fields(Thresholds)
    )
    return "\n".join(lines) + "\n"


def runbooks_index(text: str) -> str:
    """Return the page of the runbooks with the thresholds as they are below its last paragraph."""
    written, marker, _ = text.partition(THRESHOLDS_BELOW)
    return f"{written}{marker}\n{thresholds_table()}"


WRITTEN: Final[Mapping[str, Callable[[], str]]] = {
    ".env.example": config.dotenv_example,
    "docs/metrics.md": metrics_page.render,
    "docs/wire-reference.md": partial(wire_page.render, wire_page.AGENT),
    "docs/operator-reference.md": partial(wire_page.render, wire_page.OPERATOR),
    INDEX: lambda: runbooks_index((ROOT / INDEX).read_text()),
}
"""The pages, or the ends of pages, that code alone writes."""


def wanted() -> dict[str, str]:
    """Return the text of each page that code writes, or fills with its passages, as it should be."""
    pages = {name: render() for name, render in WRITTEN.items()}
    for path in (*ROOT.glob("*.md"), *ROOT.glob("collectors/*.md"), *ROOT.glob("docs/**/*.md")):
        name = str(path.relative_to(ROOT))
        pages[name] = passages.filled(pages.get(name, path.read_text()))
    return pages


def outdated() -> dict[str, str]:
    """Return the text of the pages that are not what their code writes."""
    return {
        name: text
        for name, text in wanted().items()
        if not (ROOT / name).is_file() or (ROOT / name).read_text() != text
    }


def main() -> int:
    """Write, or check."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; fail if a page is old")
    pages = outdated()
    if not parser.parse_args().check:
        for name, text in pages.items():
            (ROOT / name).write_text(text)
            print(f"wrote {name}")
        return 0
    for name in pages:
        print(f"{name} is not what the code generates; run: make docs", file=sys.stderr)
    return 1 if pages else 0


if __name__ == "__main__":
    sys.exit(main())
