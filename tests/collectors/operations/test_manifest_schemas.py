"""The Kubernetes manifests against the schemas of Kubernetes, of the Prometheus Operator and of KEDA.

What knows the schemas is installed by the tests, outside the checkout: 170 MB that nothing else needs.
"""

import copy
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

pytestmark = pytest.mark.slow

MANIFESTS = Path(__file__).parents[3] / "docs" / "kubernetes"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "gui-agents"
KUBERNETES = "kubernetes-validate==1.37.0"
NPM_PACKAGES = (
    "@kubernetes-models/prometheus-operator@6.0.0",
    "@kubernetes-models/keda@2.0.0",
    "typescript@5.9.3",
)
"""Models that are made from the CRDs: TypeScript refuses unknown fields, and the models check all values."""

CORE = ("StatefulSet", "Service", "HorizontalPodAutoscaler")
OPERATORS = {
    "ServiceMonitor": "operator.monitoringCoreosCom.v1.ServiceMonitor",
    "PrometheusRule": "operator.monitoringCoreosCom.v1.PrometheusRule",
    "ScaledObject": "keda.kedaSh.v1alpha1.ScaledObject",
}
IMPORTS = (
    'import * as operator from "@kubernetes-models/prometheus-operator";\n'
    'import * as keda from "@kubernetes-models/keda";\n'
)
VALIDATOR = """
import sys, yaml, kubernetes_validate
for manifest in yaml.safe_load_all(sys.stdin):
    kubernetes_validate.validate(manifest, kubernetes_validate.latest_version(), strict=True)
"""


def all_manifests() -> dict[str, dict[str, Any]]:
    """Return the manifests by kind and name."""
    found = (one for path in sorted(MANIFESTS.glob("*.yml")) for one in yaml.safe_load_all(path.read_text("utf-8")))
    return {f"{one['kind']} {one['metadata']['name']}": one for one in found}


def of(kinds: Sequence[str]) -> list[str]:
    return [name for name in all_manifests() if name.split()[0] in kinds]


def installed(name: str, command: Callable[[Path], Sequence[str]]) -> Path:
    """Return a directory of the cache, filled by a command if it is not there yet; skip the test if that fails."""
    place = CACHE / name
    if place.is_dir():
        return place
    CACHE.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(dir=CACHE))
    done = subprocess.run(command(draft), capture_output=True, text=True, check=False, cwd=draft)
    if done.returncode != 0:
        shutil.rmtree(draft)
        pytest.skip(f"{name} cannot be installed: {done.stderr.strip().splitlines()[-1:]}")
    try:
        draft.rename(place)
    except OSError:  # Another process was faster.
        shutil.rmtree(draft)
    return place


@pytest.fixture(scope="module")
def kubernetes() -> Path:
    pip = (sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    # Packages of this environment are of no use to another Python.
    name = f"{KUBERNETES}-python{sys.version_info.major}.{sys.version_info.minor}"
    return installed(name, lambda draft: (*pip, "--target", str(draft), KUBERNETES))


@pytest.fixture(scope="module")
def models() -> Iterator[Path]:
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is not installed")
    options = ("install", "--silent", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix")
    name = "+".join(package.replace("/", "-") for package in NPM_PACKAGES)
    place = installed(name, lambda draft: (npm, *options, str(draft), *NPM_PACKAGES))
    draft = Path(tempfile.mkdtemp(dir=place))
    yield draft
    shutil.rmtree(draft)


def complaint_of_kubernetes(kubernetes: Path, *manifests: dict[str, Any]) -> str:
    done = subprocess.run(
        [sys.executable, "-c", VALIDATOR],
        input=yaml.safe_dump_all(manifests),
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(kubernetes)},
    )
    return "" if done.returncode == 0 else done.stderr


def complaint_of_operators(models: Path, *manifests: dict[str, Any]) -> str:
    """Return what TypeScript and the models say; nothing if all is well."""
    # The models set both themselves, and have no field for them.
    literals = [
        (OPERATORS[one["kind"]], json.dumps({key: one[key] for key in one if key not in ("apiVersion", "kind")}))
        for one in manifests
    ]
    source = models / "manifests.mts"
    source.write_text(IMPORTS + "".join(f"new {kind}({data}).validate();\n" for kind, data in literals), "utf-8")
    compiler = models.parent / "node_modules" / ".bin" / "tsc"
    options = ("--strict", "--skipLibCheck", "--module", "nodenext", "--target", "es2022")
    for command in ([str(compiler), *options, str(source)], ["node", str(source.with_suffix(".mjs"))]):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            return done.stdout + done.stderr
    return ""


def misspelled(manifest: dict[str, Any]) -> dict[str, Any]:
    """Return it with one unknown field in its specification."""
    changed = copy.deepcopy(manifest)
    changed["spec"]["selektor"] = {}
    return changed


def test_every_kind_of_manifest_has_its_schema():
    assert {name.split()[0] for name in all_manifests()} == {*CORE, *OPERATORS}


def test_every_manifest_has_the_version_of_its_kind():
    versions = {name.split()[0]: one["apiVersion"] for name, one in all_manifests().items()}
    assert {kind: versions[kind] for kind in OPERATORS} == {
        "ServiceMonitor": "monitoring.coreos.com/v1",
        "PrometheusRule": "monitoring.coreos.com/v1",
        "ScaledObject": "keda.sh/v1alpha1",
    }


def test_kubernetes_accepts_its_own_kinds_strictly(kubernetes):
    assert complaint_of_kubernetes(kubernetes, *(all_manifests()[name] for name in of(CORE))) == ""


@pytest.mark.parametrize("name", of(CORE))
def test_kubernetes_refuses_them_with_a_field_that_it_does_not_know(kubernetes, name):
    assert "selektor" in complaint_of_kubernetes(kubernetes, misspelled(all_manifests()[name]))


def test_the_operators_accept_their_kinds(models):
    assert complaint_of_operators(models, *(all_manifests()[name] for name in of(tuple(OPERATORS)))) == ""


@pytest.mark.parametrize("name", of(tuple(OPERATORS)))
def test_the_operators_refuse_them_with_a_field_that_they_do_not_know(models, name):
    assert "selektor" in complaint_of_operators(models, misspelled(all_manifests()[name]))


def test_the_operator_refuses_a_duration_without_a_unit(models):
    monitor = copy.deepcopy(all_manifests()["ServiceMonitor gui-agents"])
    monitor["spec"]["endpoints"][0]["interval"] = "15"
    assert "spec/endpoints/0/interval must match pattern" in complaint_of_operators(models, monitor)
