"""Checks of runbooks: every alert has a page with its four sections, and every page an alert."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from collectors.operations.checks.expressions import Checker
from collectors.operations.checks.findings import Finding
from collectors.operations.checks.shapes import Shape
from collectors.operations.vocabulary import known_series

SECTIONS: Final = ("Meaning", "Impact", "Diagnosis", "Mitigation")
INDEX: Final = "README.md"


def check_runbooks(
    rules: Path, alerts: Mapping[str, int], directory: Path, recorded: Mapping[str, Shape]
) -> list[Finding]:
    """Check the pages in `directory` against `alerts`, which are the alerts of the file `rules` by their lines.

    Queries in the pages may read the series `recorded` besides those of the service.
    """
    pages = {path.stem: path for path in sorted(directory.glob("*.md")) if path.name != INDEX}
    findings = [
        Finding(str(rules), line, f"{alert}: has no runbook; write {directory / alert}.md")
        for alert, line in alerts.items()
        if alert not in pages
    ]
    for name, path in pages.items():
        if name not in alerts:
            findings.append(Finding(str(path), 1, f"no alert of {rules} is called {name}"))
        findings.extend(_page(path))
        findings.extend(_queries(path, recorded))
    return sorted(findings)


def _page(path: Path) -> Iterator[Finding]:
    lines = path.read_text("utf-8").splitlines()
    if not lines or lines[0] != f"# {path.stem}":
        yield Finding(str(path), 1, f"its first line must be '# {path.stem}'")
    headings = [(number, line[3:]) for number, line in enumerate(lines, start=1) if line.startswith("## ")]
    if tuple(heading for _, heading in headings) != SECTIONS:
        yield Finding(str(path), headings[0][0] if headings else 1, f"its sections must be: {', '.join(SECTIONS)}")
        return
    ends = [number - 1 for number, _ in headings[1:]] + [len(lines)]
    for (number, heading), end in zip(headings, ends, strict=True):
        if not any(line.strip() for line in lines[number:end]):
            yield Finding(str(path), number, f"its section {heading} is empty")


def _queries(path: Path, recorded: Mapping[str, Shape]) -> Iterator[Finding]:
    """Check each line of the page's blocks of PromQL, which is one query."""
    within = False
    for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
        if line.startswith("```"):
            within = line == "```promql"
        elif within:
            checker = Checker(known_series(), recorded)
            checker.shape(line)
            yield from (Finding(str(path), number, problem.reason) for problem in checker.problems)
