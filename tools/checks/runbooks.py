"""Checks of runbooks: every alert has a page with its four sections, and every page an alert."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from tools.checks.expressions import Checker
from tools.checks.findings import Finding
from tools.checks.inline_code import check_inline
from tools.checks.rules import Rule
from tools.checks.shapes import Shape
from tools.vocabulary import known_series

SECTIONS: Final = ("Meaning", "Impact", "Diagnosis", "Mitigation")
INDEX: Final = "README.md"


def check_runbooks(rules: Sequence[Rule], directory: Path, recorded: Mapping[str, Shape]) -> list[Finding]:
    """Check that each alert of `rules` has a page in `directory`, and what the pages say.

    Queries in the pages may read the series `recorded` besides those of the service.
    """
    pages = {path.stem: path for path in sorted(directory.glob("*.md")) if path.name != INDEX}
    names = {rule.name for rule in rules}
    findings = [
        rule.finding(f"has no runbook; write {directory / rule.name}.md") for rule in rules if rule.name not in pages
    ]
    for name, path in pages.items():
        if name not in names:
            findings.append(Finding(str(path), 1, f"no alert is called {name}"))
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
    """Check each line of the page's blocks of PromQL, which is one query, and its inline code."""
    text = path.read_text("utf-8")
    within = False
    for number, line in enumerate(text.splitlines(), start=1):
        if line.lstrip().startswith("```"):
            within = line.strip() == "```promql"
        elif within:
            checker = Checker(known_series(), recorded)
            checker.shape(line)
            yield from (Finding(str(path), number, problem) for problem in checker.problems)
    yield from (Finding(str(path), number, reason) for number, reason in check_inline(text, recorded))
