"""Checks of runbooks: every alert has a page with its four sections, and every page an alert."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Final
from urllib.parse import urlsplit

from tools.checks.expressions import Checker
from tools.checks.findings import Finding, line_of
from tools.checks.inline_code import check_inline
from tools.checks.rule_structure import Rule
from tools.checks.shapes import Shape
from tools.vocabulary import known_series

SECTIONS: Final = ("Meaning", "Impact", "Diagnosis", "Mitigation")
INDEX: Final = "README.md"


def check_runbooks(
    rules: Path, alerts: Sequence[Rule], directory: Path, recorded: Mapping[str, Shape]
) -> list[Finding]:
    """Check the pages in `directory` against `alerts`, which are those of the file `rules`.

    Queries in the pages may read the series `recorded` besides those of the service.
    """
    pages = {path.stem: path for path in sorted(directory.glob("*.md")) if path.name != INDEX}
    findings = check_links(alerts, directory)
    names = {alert.name for alert in alerts}
    for name, path in pages.items():
        if name not in names:
            findings.append(Finding(str(path), 1, f"no alert of {rules} is called {name}"))
        findings.extend(_page(path))
        findings.extend(_queries(path, recorded))
    return sorted(findings)


def check_links(alerts: Sequence[Rule], directory: Path) -> list[Finding]:
    """Check that each alert has a page in `directory`, and that its runbook_url leads there."""
    findings: list[Finding] = []
    for alert in alerts:
        page, url = directory / f"{alert.name}.md", alert.annotations.get("runbook_url")
        leads_to = PurePosixPath(urlsplit(str(url or page)).path)
        if not page.is_file():
            findings.append(alert.finding(f"has no runbook; write {page}"))
        elif leads_to.stem != alert.name:
            findings.append(alert.finding(f"its runbook_url leads to {leads_to.name!r}, not {page.name}", line_of(url)))
    return findings


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
            yield from (Finding(str(path), number, problem.reason) for problem in checker.problems)
    yield from (Finding(str(path), number, reason) for number, reason in check_inline(text, recorded))
