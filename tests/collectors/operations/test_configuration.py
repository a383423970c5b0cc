"""The configuration of Prometheus and Alertmanager, by their own tools."""

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from collectors.operations import configuration, rules
from collectors.operations.configuration import Site
from collectors.operations.model import Setting
from tests.system_tools import require_program

DOCS = Path(__file__).parents[3] / "docs"
DISCOVERIES = ("file", "DNS", "Kubernetes")


def run(program, *arguments):
    command = [require_program(program), *arguments]
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)


def with_discovery(text, kind):
    """Put the commented example of one way of service discovery in the place of the static targets."""
    example = re.search(rf"    # \({kind}\)(?:.*\n)+?((?:    #   .*\n)+)", text)
    assert example, kind
    lines = [line.replace("    #   ", "    ", 1) for line in example[1].splitlines()]
    static = re.compile(r"    static_configs:\n      - targets: \[\"gui-agents:8000\"\]\n")
    assert static.search(text)
    return static.sub("\n".join(lines) + "\n", text, count=1)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "prometheus-alert-rules.yml").write_text(rules.alert_rules(Setting()), "utf-8")
    (tmp_path / "prometheus-recording-rules.yml").write_text(rules.recording_rules(Setting()), "utf-8")
    return tmp_path


@pytest.mark.system_tools
def test_promtool_accepts_the_configuration_with_its_rules(folder):
    path = folder / "prometheus.yml"
    path.write_text(configuration.prometheus(Site()), "utf-8")
    done = run("promtool", "check", "config", str(path))
    assert done.returncode == 0, done.stdout
    assert "2 rule files found" in done.stdout


@pytest.mark.system_tools
@pytest.mark.parametrize("kind", DISCOVERIES)
def test_every_example_of_service_discovery_works_when_it_is_uncommented(folder, kind):
    path = folder / "prometheus.yml"
    text = with_discovery(configuration.prometheus(Site()), kind)
    job = yaml.safe_load(text)["scrape_configs"][0]
    assert f"{kind.lower()}_sd_configs" in job
    # Debian builds Prometheus without Kubernetes; the relabeling of its example is checked all the same.
    text = text.replace("kubernetes_sd_configs:\n      - role: pod", 'file_sd_configs:\n      - files: ["x/*.yml"]')
    path.write_text(text, "utf-8")
    done = run("promtool", "check", "config", str(path))
    assert done.returncode == 0, done.stdout


def test_the_site_is_filled_in():
    site = Site(
        setting=Setting(job="agents"),
        targets=("10.0.0.1:8000", "[::1]:9"),
        alertmanagers=("alerts:9093",),
        interval="5s",
        webhook="https://hooks.test/x/",
    )
    prometheus = yaml.safe_load(configuration.prometheus(site))
    assert prometheus["scrape_configs"][0]["job_name"] == "agents"
    assert prometheus["scrape_configs"][0]["static_configs"] == [{"targets": ["10.0.0.1:8000", "[::1]:9"]}]
    assert prometheus["global"]["evaluation_interval"] == "5s"
    assert prometheus["alerting"]["alertmanagers"] == [{"static_configs": [{"targets": ["alerts:9093"]}]}]
    receivers = yaml.safe_load(configuration.alertmanager(site))["receivers"]
    assert receivers[0]["webhook_configs"][0]["url"] == "https://hooks.test/x/page"
    assert "@{" not in configuration.prometheus(site) + configuration.alertmanager(site)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"targets": ()}, "targets: at least one is needed"),
        ({"targets": ("nohost",)}, "targets: 'nohost' must be HOST:PORT"),
        ({"alertmanagers": ('a:1", "b:2',)}, "alertmanagers: "),
        ({"webhook": "ftp://x"}, "webhook: 'ftp://x' must be an http or https address"),
        (
            {"interval": "1m"},
            "interval: 1m is more than 30s; the shortest window of a rule is 1m, and needs two samples",
        ),
        ({"interval": "0s"}, "interval: '0s' must be a duration such as 15s"),
    ],
)
def test_a_wrong_site_is_refused(wrong, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        Site(**wrong)


@pytest.mark.parametrize(("interval", "timeout"), [("500ms", "500ms"), ("5s", "5s"), ("15s", "10s"), ("30s", "10s")])
def test_a_scrape_times_out_before_the_next_one(interval, timeout):
    settings = yaml.safe_load(configuration.prometheus(Site(interval=interval)))["global"]
    assert (settings["scrape_interval"], settings["scrape_timeout"]) == (interval, timeout)


@pytest.mark.system_tools
def test_amtool_accepts_the_routing():
    done = run("amtool", "check-config", str(DOCS / "alertmanager.yml"))
    assert done.returncode == 0, done.stdout


@pytest.mark.system_tools
@pytest.mark.parametrize(
    ("labels", "receiver"),
    [
        (("alertname=ServiceDown", "severity=critical", "job=gui_agents"), "page"),
        (("alertname=TaskStuck", "severity=warning"), "ticket"),
        (("alertname=PriceUnknown", "severity=info"), "digest"),
        (("alertname=Watchdog", "severity=none"), "dead-mans-switch"),
        (("alertname=SomethingElse",), "ticket"),
    ],
)
def test_alerts_are_routed_by_severity(labels, receiver):
    config = str(DOCS / "alertmanager.yml")
    done = run(
        "amtool", "config", "routes", "test", f"--config.file={config}", f"--verify.receivers={receiver}", *labels
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.system_tools
def test_a_wrong_receiver_would_be_noticed():
    config = str(DOCS / "alertmanager.yml")
    wrong = ("--verify.receivers=digest", "severity=critical")
    assert run("amtool", "config", "routes", "test", f"--config.file={config}", *wrong).returncode != 0


def test_inhibition_names_alerts_that_exist():
    names = {rule["alert"] for group in _rules() for rule in group["rules"]}
    text = (DOCS / "alertmanager.yml").read_text("utf-8")
    for match in re.findall(r"alertname!?[=~]+\"([^\"]+)\"", text):
        assert set(match.split("|")) <= names


def _rules():
    return yaml.safe_load(rules.alert_rules(Setting()))["groups"]
