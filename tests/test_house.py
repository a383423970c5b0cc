"""What the public texts say is true: commands, variables, links, exit codes and metric names exist."""

import os
import re
import shlex
import subprocess
import tomllib
from importlib import metadata
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from collectors import ServiceCollector
from collectors.metrics import catalogue
from gui_agents import cli, config
from gui_agents.commands.config import dotenv_example
from gui_agents.commands.exits import ExitCode
from gui_agents.domain.lifecycle import FailureReason

ROOT = Path(__file__).resolve().parent.parent
TOP_NAMES = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md", "collectors/README.md")
TOP_PAGES = [ROOT / name for name in TOP_NAMES]
PAGES = [*TOP_PAGES, *sorted((ROOT / "docs").rglob("*.md"))]
CLIENTS = ROOT / "docs" / "clients.md"
FINDING = ROOT / "docs" / "finding-tasks.md"
STORAGE = ROOT / "docs" / "storage.md"
COMMAND_PAGES = [page for page in PAGES if page.name != "CHANGELOG.md"]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
MAKEFILE = (ROOT / "Makefile").read_text()
TARGETS = set(re.findall(r"^([a-z0-9-]+):.*## ", MAKEFILE, re.MULTILINE))
VARIABLES = config.known_variables()
MAKE_VARIABLES = {"ARGS", "PYTHON", "VENV", "DEMO_EXIT", "SOAK_SECONDS", "HYPOTHESIS_PROFILE", *VARIABLES}
URL_PATHS = {"/", "/metrics", "/-/healthy", "/-/ready"}
SUFFIXES = re.compile(r"_(total|bucket|sum|count|info)$")


def named(page: Path) -> str:
    return str(page.relative_to(ROOT))


def console_lines(page: Path) -> list[str]:
    fences = re.findall(r"^```console\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL)
    return [line.removeprefix("$ ") for fence in fences for line in fence.splitlines() if line.startswith("$ ")]


def inline_commands(page: Path) -> list[str]:
    spans = re.findall(r"`([^`\n]+)`", page.read_text())
    return [span for span in spans if re.match(r"([A-Z_]+=\S+ )*(make|gui-agents) ", span)]


COMMANDS = sorted(
    {(named(page), line) for page in COMMAND_PAGES for line in [*console_lines(page), *inline_commands(page)]}
)


@pytest.mark.parametrize(("page", "line"), COMMANDS)
def test_every_command_of_the_public_texts_exists(page, line):
    for words in split_at_pipes(line):
        check_command(words)


def split_at_pipes(line: str) -> list[list[str]]:
    return [shlex.split(part, comments=True) for part in re.split(r" \| ", re.sub(r" > \S+$", "", line))]


def without_variables(words: list[str]) -> list[str]:
    while re.fullmatch(r"[A-Z_]+=.*", words[0]):
        variable = words[0].partition("=")[0]
        assert variable in MAKE_VARIABLES or variable.startswith("OTEL_EXPORTER_")
        words = words[1:]
    return words


def check_command(words: list[str]) -> None:  # noqa: C901, PLR0912 - one case for each program
    match without_variables(words):
        case ["make", *rest] | ["sudo", "make", *rest]:
            check_make(rest)
        case ["gui-agents", *rest]:
            check_verb(rest)
        case ["pip" | ".venv/bin/pip", "install", "-e", target]:
            check_extra(target)
        case ["pip", "install", wheel]:
            check_wheel(wheel)
        case ["pip", "wheel", "--no-deps", "--wheel-dir", "dist", "."]:
            assert (ROOT / "pyproject.toml").is_file()
        case ["curl", *_, url]:
            assert urlsplit(url).path in URL_PATHS
        case ["cp", source, _]:
            assert (ROOT / source).is_file()
        case ["apt", "install", *packages]:
            assert set(packages) <= set(re.findall(r"[\w-]+", (ROOT / ".ci" / "run").read_text()))
        case ["python3", "-c", code]:
            compile(code, "<page>", "exec")
        case (
            ["python3", "-m", "venv", ".venv"] | ["source", ".venv/bin/activate" | "completion.bash"] | ["umask", "077"]
        ):
            pass
        case ["umask", "077"]:
            pass
        case ["docker", *rest]:
            check_docker(rest)
        case ["grep", name]:
            assert SUFFIXES.sub("", name.removeprefix("^")) in families()
        case ["createuser" | "createdb" | "psql" | "pg_dump" | "pg_restore", *_]:
            # Of one page only; tests/gui_agents/storage/postgres/test_documented.py runs its commands.
            assert shlex.join(words) in {shlex.join(shlex.split(line)) for line in console_lines(STORAGE)}
        case ["python3" | "go" | "protoc" | "npm" | "npx" | "node" | "grpcurl", *_]:
            # tests/test_clients_page.py and tests/test_finding_page.py run, or check, the commands of these pages.
            lines = [*console_lines(CLIENTS), *console_lines(FINDING)]
            assert shlex.join(words) in {shlex.join(shlex.split(line)) for line in lines}
        case _:
            pytest.fail(f"nothing here knows how to check {words}")


def check_docker(words: list[str]) -> None:
    match words:
        case ["build", *_]:
            assert (ROOT / "Dockerfile").is_file()
        case ["compose", "-f", stack, "up", "-d"]:
            assert (ROOT / stack).is_file()
        case ["run", *options, _]:
            check_container(options)
        case _:
            pytest.fail(f"nothing here knows how to check docker {words}")


def check_container(options: list[str]) -> None:
    exposed = re.search(r"^EXPOSE (.*)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)[1].split()
    for option, value in zip(options[::2], options[1::2], strict=True):
        match option:
            case "-p":
                assert value.rpartition(":")[2] in exposed
            case "-e":
                assert value.partition("=")[0] in MAKE_VARIABLES
            case "--stop-timeout":
                assert float(value) > config.load({}).service.drain_seconds
            case _:
                assert (option, value) == ("--env-file", ".env")


def check_make(words: list[str]) -> None:
    for word in words:
        name, equals, _ = word.partition("=")
        assert name in (MAKE_VARIABLES if equals else TARGETS)


def check_verb(words: list[str]) -> None:
    if words == [word for word in words[:2] if word.isalpha() and word.islower()]:
        # Named without what it needs.
        assert words[0] in {module.__name__.rpartition(".")[2] for module in cli.VERBS}
        with pytest.raises(SystemExit, match=r"\A0\Z"):
            cli.parser().parse_args([*words, "--help"])
    else:
        cli.parser().parse_args(words)


def check_extra(target: str) -> None:
    extras = target.removeprefix(".[").removesuffix("]").split(",")
    assert set(extras) <= set(PROJECT["optional-dependencies"])


def check_wheel(target: str) -> None:
    file, _, extras = target.partition("[")
    assert file == f"dist/{PROJECT['name'].replace('-', '_')}-{PROJECT['version']}-py3-none-any.whl"
    check_extra(f".[{extras}")


class EmptySource:
    """What a description never asks."""

    def snapshot(self):
        raise AssertionError("a description takes no snapshot")


def families() -> set[str]:
    described = ServiceCollector(EmptySource()).describe()
    rows = (metric for section in catalogue.documented() for metric in section.metrics)
    return {SUFFIXES.sub("", name) for name in (*(family.name for family in described), *(row.family for row in rows))}


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_local_link_leads_somewhere(page):
    links = re.findall(r"\]\(([^)#\s]+)", page.read_text())
    local = [link for link in links if not re.match(r"[a-z]+:", link)]
    assert [link for link in local if not (page.parent / link).exists()] == []


def anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_link_to_a_heading_finds_it(page):
    links = re.findall(r"\]\(([^):\s]*)#([^)\s]+)\)", page.read_text())
    assert [anchor for path, anchor in links if anchor not in anchors(page.parent / path if path else page)] == []


@pytest.mark.parametrize("page", COMMAND_PAGES, ids=named)
def test_every_metric_that_is_named_is_in_the_catalogue(page):
    names = set(re.findall(r"\bagent_[a-z_]+", page.read_text())) - {"agent_pb", FailureReason.AGENT_GAVE_UP}
    assert {name for name in names if SUFFIXES.sub("", name) not in families()} == set()


def test_the_readme_tells_every_exit_code():
    rows = re.findall(r"^\| (\d+) \| ", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert [int(row) for row in rows] == list(ExitCode)


DEFAULTS = r"^\| `([A-Z_]+)` \| `([^`]*)` \|"
DEFAULT_PAGES = [page for page in PAGES if re.search(DEFAULTS, page.read_text(), re.MULTILINE)]


@pytest.mark.parametrize("page", DEFAULT_PAGES, ids=named)
def test_a_page_tells_the_defaults_that_are_in_force(page):
    rows = re.findall(DEFAULTS, page.read_text(), re.MULTILINE)
    defaults = {setting.variable: setting.default for setting in config.settings()}
    assert dict(rows) == {variable: defaults[variable] for variable, _ in rows}


def test_the_main_pages_tell_defaults():
    assert {"README.md", "collectors/README.md", "docs/opentelemetry.md"} <= set(map(named, DEFAULT_PAGES))


def test_the_example_environment_is_what_the_code_prints():
    assert (ROOT / ".env.example").read_text() == dotenv_example()


def test_the_changelog_begins_with_this_version():
    versions = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert versions[0] in {PROJECT["version"], "Unreleased"}
    assert PROJECT["version"] in versions


def pins() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    return dict(line.split("==") for line in lines if not line.startswith("#"))


def normalized(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_the_constraints_hold_names_and_versions_only():
    assert all(re.fullmatch(r"[\w.-]+", name) for name in pins())
    assert all(re.fullmatch(r"(\d+!)?[\w.+]+", version) for version in pins().values())


def test_every_dependency_has_a_pin():
    groups = [PROJECT["dependencies"], *PROJECT["optional-dependencies"].values()]
    names = {re.split(r"[^\w.-]", requirement, maxsplit=1)[0] for group in groups for requirement in group}
    pinned = {normalized(name) for name in pins()}
    assert {name for name in names if normalized(name) not in pinned} == {PROJECT["name"]}


FOREIGN = re.compile(
    r"gui[-_.]agents\[\w|pip[\w.]*.* install .*\bgui[-_.]agents(?![-\w./])|\bgui[-_.]agents *(==|~=|>=)", re.IGNORECASE
)
"""Words that make pip fetch another project's package, which has our import name as its name on PyPI."""


def sources() -> list[Path]:
    directories = [ROOT / name for name in (".ci", ".github", "collectors", "docs", "gui_agents", "tests", "tools")]
    below = [file for directory in directories for file in directory.rglob("*") if "__pycache__" not in file.parts]
    return [file for file in (*ROOT.iterdir(), *below) if file.is_file()]


def test_nothing_hints_at_the_package_of_another_project():
    assert {"README.md", "pyproject.toml", "Dockerfile"} <= {file.name for file in sources()}
    lines = [(named(file), line) for file in sources() for line in file.read_text(errors="replace").splitlines()]
    assert [(name, line[:200]) for name, line in lines if FOREIGN.search(line)] == []


@pytest.mark.parametrize(
    "hint",
    [
        'pip install "{}[openai]"',
        "{}[dev,web]",
        "pip3 install --upgrade {}",
        "python -m pip install {}",
        "uv pip install '{}'",
        "{}==0.1.0",
    ],
)
def test_a_hint_is_recognised_by_every_spelling_of_the_name(hint):
    foreign = "gui agents"
    assert all(FOREIGN.search(hint.format(foreign.replace(" ", sign))) for sign in "-_.")
    assert not FOREIGN.search(hint.format(PROJECT["name"]))


def test_every_target_explains_itself():
    phony = re.search(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)
    assert phony is not None
    assert set(phony[1].split()) == TARGETS


def test_make_alone_lists_the_targets():
    reply = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert re.findall(r"^  ([a-z0-9-]+) ", reply.stdout, re.MULTILINE) == re.findall(
        r"^([a-z0-9-]+):.*## ", MAKEFILE, re.MULTILINE
    )


def test_ci_calls_only_make_targets_that_exist():
    script = (ROOT / ".ci" / "run").read_text()
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
    assert set(re.findall(r"make_on \S+ (\w+)", script)) == {"check", "test", "attack", "demo"}
    assert subprocess.run(["bash", "-n", ROOT / ".ci" / "run"], check=False).returncode == 0


def test_both_console_scripts_are_installed():
    scripts = {entry.name: entry.value for entry in metadata.entry_points(group="console_scripts")}
    assert scripts["gui-agents"] == "gui_agents.cli:main"
    assert scripts["lybic-guiagent-grpc"] == "gui_agents.grpc_app:main"
