"""The public names resolve, importing their packages is cheap, and the documentation uses nothing else."""

import ast
import os
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("gui_agents", "collectors", "collectors.otel", "collectors.operations")
OURS = ("gui_agents", "collectors", "tools", "tests")
PAGES = [ROOT / "README.md", ROOT / "collectors" / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
EMBEDDING = ROOT / "docs" / "embedding.md"


def blocks(page: Path) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL)


def run(code: str, directory: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=directory,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("package", PACKAGES)
def test_every_public_name_resolves(package):
    module = import_module(package)
    assert module.__all__ == sorted(module.__all__)
    assert [name for name in module.__all__ if getattr(module, name) is None] == []


@pytest.mark.parametrize("package", ["gui_agents", "collectors", "collectors.operations"])
def test_a_package_lists_the_names_that_it_loads(package):
    module = import_module(package)
    assert list(module._HOMES) == module.__all__


@pytest.mark.parametrize("package", ["gui_agents", "collectors", "collectors.operations"])
def test_a_name_that_is_not_exported_is_an_attribute_error(package):
    with pytest.raises(AttributeError, match=f"module '{package}' has no attribute 'Nonsense'"):
        _ = import_module(package).Nonsense


def test_importing_the_packages_loads_neither_a_server_nor_prometheus(tmp_path):
    code = "import sys, gui_agents, collectors, collectors.operations; print(*sys.modules)"
    loaded = {name.partition(".")[0] for name in run(code, tmp_path).stdout.split()}
    assert loaded & {"grpc", "google", "prometheus_client", "psutil", "h11", "PIL", "attrs"} == set()
    assert {"gui_agents", "collectors"} <= loaded


def imported(code: str) -> set[tuple[str, str]]:
    """Return the module and the name of everything of ours that `code` imports."""
    found = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.ImportFrom):
            found |= {(str(node.module), alias.name) for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {(alias.name, "") for alias in node.names}
    return {(module, name) for module, name in found if module.partition(".")[0] in OURS}


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page)], ids=lambda page: page.name)
def test_the_code_of_a_page_imports_public_names_only(page):
    uses = {use for code in blocks(page) for use in imported(code)}
    public = {(package, name) for package in PACKAGES for name in import_module(package).__all__}
    assert uses - public == set()
    assert uses


@pytest.mark.parametrize("code", blocks(EMBEDDING), ids=lambda code: code.splitlines()[-1][:40])
def test_an_example_of_the_page_on_embedding_runs(code, tmp_path):
    ended = run(code, tmp_path)
    assert (ended.returncode, ended.stderr) == (0, "")
