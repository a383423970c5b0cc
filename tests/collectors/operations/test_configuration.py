"""The configuration of Prometheus and Alertmanager, by their own tools."""

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from collectors.operations import configuration, rules
from collectors.operations.configuration import OTHER_JOBS, Access, Site, SiteError
from collectors.operations.model import Setting
from collectors.operations.thresholds import Thresholds
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


def test_the_page_is_scraped_as_it_is_locked():
    access = Access(
        scheme="https",
        ca_file="ca.crt",
        server_name="agents.internal",
        username="null",
        password_file="password",  # noqa: S106 - a file's name
        text=True,
    )
    [job, own, _] = yaml.safe_load(configuration.prometheus(Site(access=access, sample_limit=5, prometheus="p:9")))[
        "scrape_configs"
    ]
    assert job == {
        "job_name": "gui_agents",
        "sample_limit": 5,
        "scheme": "https",
        "tls_config": {"ca_file": "ca.crt", "server_name": "agents.internal"},
        "basic_auth": {"username": "null", "password_file": "password"},
        "params": {"format": ["text"]},
        "static_configs": [{"targets": ["gui-agents:8000"]}],
    }
    assert own["static_configs"] == [{"targets": ["p:9"]}]


@pytest.mark.parametrize("job", ["null", "yes", "Off"])
def test_a_job_that_yaml_would_read_as_something_else_is_quoted(job):
    [ours, *_] = yaml.safe_load(configuration.prometheus(Site(setting=Setting(job=job))))["scrape_configs"]
    assert ours["job_name"] == job


def test_the_names_of_the_other_jobs_are_known():
    jobs = yaml.safe_load(configuration.prometheus(Site()))["scrape_configs"]
    assert {job["job_name"] for job in jobs[1:]} == OTHER_JOBS


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"targets": ()}, "targets: at least one is needed"),
        ({"targets": ("nohost",)}, "targets: 'nohost' must be HOST:PORT"),
        ({"targets": ("127.0.0.1:99999",)}, "targets: '127.0.0.1:99999' must be HOST:PORT"),
        ({"targets": ("127.0.0.1:0",)}, "targets: '127.0.0.1:0' must be HOST:PORT"),
        ({"targets": ("[::::]:80",)}, "targets: '[::::]:80' must be HOST:PORT"),
        ({"prometheus": "localhost"}, "prometheus: 'localhost' must be HOST:PORT"),
        ({"alertmanagers": ('a:1", "b:2',)}, "alertmanagers: "),
        ({"webhook": "ftp://x"}, "webhook: 'ftp://x' must be an http or https address"),
        ({"webhook": "http://host:abc"}, "webhook: 'http://host:abc' must be an http or https address"),
        ({"webhook": "http://[::1"}, "webhook: 'http://[::1' must be an http or https address"),
        ({"webhook": "http://h/{{ x }}"}, "webhook: 'http://h/{{ x }}' must be an http or https address"),
        ({"webhook": "http://h/x?token=a"}, "webhook: 'http://h/x?token=a' must hold no query and no fragment"),
        ({"setting": Setting(runbooks="not a url")}, "runbooks: 'not a url' must be an http or https address"),
        ({"setting": Setting(runbooks="http://h/a\nb")}, "runbooks: 'http://h/a\\nb' must be an http or https address"),
        ({"setting": Setting(runbooks="http://h/{{ foo }}")}, "runbooks: 'http://h/{{ foo }}' must be an http or"),
        ({"setting": Setting(job="prometheus")}, "job: 'prometheus' is another job of the configuration"),
        ({"setting": Setting(job="alertmanager")}, "job: 'alertmanager' is another job of the configuration"),
        (
            {"interval": "1m"},
            "interval: 1m is more than 30s; the shortest window of a rule is 2m, and needs two samples even if every",
        ),
        ({"interval": "9" * 5000 + "s"}, f"interval: {'9' * 5000 + 's'!r} must be a duration such as 15s"),
        ({"interval": "0s"}, "interval: '0s' must be a duration such as 15s"),
        (
            {"interval": "1s"},
            "interval: at 1s a scrape times out after 1s, so that ScrapeSlow could never fire at scrape_seconds=2",
        ),
        (
            {"interval": "30s", "setting": Setting(thresholds=Thresholds(restarts=29))},
            "interval: at 30s no more than 29 restarts can be seen in 15m, so that Restarting could never fire at rest",
        ),
    ],
)
def test_a_wrong_site_is_refused(wrong, message):
    with pytest.raises(SiteError, match=re.escape(message)):
        Site(**wrong)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"scheme": "ftp"}, "scheme: 'ftp' must be http or https"),
        ({"ca_file": "ca.crt"}, "ca_file: is for the scheme https alone"),
        ({"server_name": "a"}, "server_name: is for the scheme https alone"),
        ({"username": "a"}, "username: it and a password file need each other"),
        ({"password_file": "a"}, "username: it and a password file need each other"),
        ({"username": "a\nb", "password_file": "p"}, "username: 'a\\nb' must be a text of one line"),
    ],
)
def test_a_wrong_access_is_refused(wrong, message):
    with pytest.raises(SiteError, match=re.escape(message)):
        Access(**wrong)


@pytest.mark.parametrize(("interval", "timeout"), [("500ms", "500ms"), ("5s", "5s"), ("15s", "10s"), ("30s", "10s")])
def test_a_scrape_times_out_before_the_next_one(interval, timeout):
    setting = Setting(thresholds=Thresholds(scrape_seconds=0.4))
    settings = yaml.safe_load(configuration.prometheus(Site(setting=setting, interval=interval)))["global"]
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
