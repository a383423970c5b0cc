"""The start page of the documentation leads to every page, and what stands at the door names what exists."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml

from gui_agents.domain.lifecycle import FailureReason, TaskStatus
from gui_agents.domain.stream import Stage
from gui_agents.rpc.status import STATUSES

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
CALLING = (DOCS / "calling.md").read_text()


def linked(page: Path) -> set[Path]:
    links = re.findall(r"\]\(([^)#\s]+)", page.read_text())
    paths = {(page.parent / link).resolve() for link in links if ":" not in link}
    return {path for path in paths if path.suffix == ".md" and path.is_relative_to(DOCS)}


def test_every_page_is_reachable_from_the_start_page():
    reached, open_pages = set(), {DOCS / "README.md"}
    while open_pages:
        page = open_pages.pop()
        reached.add(page)
        open_pages |= linked(page) - reached
    assert set(DOCS.rglob("*.md")) - reached == set()


def test_the_start_page_names_every_page_of_its_own_directory():
    assert set(DOCS.glob("*.md")) - {DOCS / "README.md"} == {
        page for page in linked(DOCS / "README.md") if page.parent == DOCS
    }


def test_the_glossary_is_in_the_order_of_the_alphabet():
    words = re.findall(r"^\| ([a-zA-Z ]+) \| (?!Means)", (DOCS / "glossary.md").read_text(), re.MULTILINE)
    assert words == sorted(words, key=str.lower)
    assert len(words) == len(set(words)) > 40


def column(text: str, heading: str) -> set[str]:
    """Return the code words in the first column of the table that begins with `heading`."""
    table = text[text.index(f"| {heading} |") :].partition("\n\n")[0]
    return {word for row in table.splitlines()[2:] for word in re.findall(r"`(\w+)`", row.split(" | ")[0])}


def test_the_page_for_callers_tells_every_status_reason_and_stage():
    assert column(CALLING, "Status | In the contract") == set(TaskStatus)
    assert column(CALLING, "Reason") == set(FailureReason)
    assert column(CALLING, "Stage") == set(Stage)


def test_the_page_for_callers_tells_every_refusal():
    told = re.findall(r"^\| ([A-Z_]+) \| `([A-Z_]+)` \|", CALLING, re.MULTILINE)
    # Two errors may be one refusal to a caller.
    assert sorted(told) == sorted({(code.name, reason) for code, reason in STATUSES.values()})


def test_the_hooks_call_only_programs_of_the_environment():
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    assert [repository["repo"] for repository in hooks] == ["local"]
    assert all(hook["entry"].startswith(".venv/bin/") for hook in hooks[0]["hooks"])


PATH = re.compile(r"`((?:gui_agents|collectors|tests|tools|docs)/[\w./-]*)`")
NAMING_PAGES = [ROOT / "CONTRIBUTING.md", ROOT / "collectors" / "README.md", *sorted(DOCS.rglob("*.md"))]


@pytest.mark.parametrize("page", NAMING_PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_path_that_a_page_names_exists(page):
    assert [path for path in PATH.findall(page.read_text()) if not (ROOT / path).exists()] == []


def test_the_page_on_architecture_names_every_package():
    named = set(PATH.findall((DOCS / "architecture.md").read_text()))
    layers = {
        f"{contract['containers'][0]}/{name.strip()}"
        for contract in tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
        if contract["type"] == "layers"
        for layer in contract["layers"]
        for name in layer.split("|")
    }
    known = {path.removesuffix("/").removesuffix(".py") for path in named}
    assert layers - known == {"collectors/errors"}
