import json
import ssl
import sys

import attrs
import pytest
import trustme
import yaml

from collectors.operations import installation
from collectors.operations.thresholds import Thresholds
from gui_agents import cli
from gui_agents.commands.exits import ExitCode
from gui_agents.domain.packages import install_command
from tests.system_tools import require_program
from tests.web_servers import answering


def loaded(path):
    return yaml.safe_load(path.read_text("utf-8"))


@pytest.fixture(autouse=True)
def _no_tools(request, monkeypatch, tmp_path):
    """Only tests of them run promtool and amtool."""
    if not request.node.get_closest_marker("system_tools"):
        monkeypatch.setenv("PATH", str(tmp_path / "nothing"))


def test_init_writes_what_was_asked_for(tmp_path, capsys):
    out = tmp_path / "monitoring"
    options = ["--job", "agents", "--target", "10.0.0.1:8000", "--target", "10.0.0.2:8000", "--interval", "5s"]
    limits = ["--threshold", "cost=25", "--threshold", "task_slo=0.99"]
    more = ["--webhook", "https://hooks.test", "--runbooks", "https://wiki.test/rb"]
    assert cli.main(["monitoring", "init", str(out), *options, *limits, *more]) == ExitCode.DONE
    config = loaded(out / "prometheus.yml")["scrape_configs"][0]
    assert config["job_name"] == "agents"
    assert config["static_configs"][0]["targets"] == ["10.0.0.1:8000", "10.0.0.2:8000"]
    rules = [rule for group in loaded(out / "prometheus-alert-rules.yml")["groups"] for rule in group["rules"]]
    cost = next(rule for rule in rules if rule["alert"] == "HighExecutionCost")
    assert cost["expr"].endswith('{job="agents"} > 25')
    assert cost["annotations"]["runbook_url"] == "https://wiki.test/rb/HighExecutionCost.md"
    assert loaded(out / "alertmanager.yml")["receivers"][0]["webhook_configs"][0]["url"] == "https://hooks.test/page"
    assert len(list((out / "grafana").glob("*.json"))) == 4
    drawn = [panel for path in (out / "grafana").glob("*.json") for panel in loaded(path)["panels"]]
    [spent] = [panel for panel in drawn if panel["title"] == "Cost per hour"]
    assert spent["fieldConfig"]["defaults"]["thresholds"]["steps"][-1]["value"] == 25
    [burn] = [panel for panel in drawn if panel["title"] == "Budget burn of tasks"]
    assert all(target["expr"].endswith(" / 0.01") for target in burn["targets"])
    told = capsys.readouterr()
    assert str(out / "prometheus.yml") in told.out.splitlines()


def test_init_takes_this_installations_own_port(tmp_path, monkeypatch):
    monkeypatch.setenv("PROMETHEUS_PORT", "8123")
    monkeypatch.setenv("PROMETHEUS_HOST", "0.0.0.0")  # noqa: S104 - never bound
    assert cli.main(["monitoring", "init", str(tmp_path / "out")]) == ExitCode.DONE
    config = loaded(tmp_path / "out" / "prometheus.yml")
    assert config["scrape_configs"][0]["static_configs"][0]["targets"] == ["127.0.0.1:8123"]


def test_init_says_when_promtool_or_grafanas_sdk_is_missing(tmp_path, monkeypatch, capsys):
    def missing(_limits):
        raise ImportError(name="grafana_foundation_sdk")

    monkeypatch.setattr(installation, "dashboards", missing)
    assert cli.main(["monitoring", "init", str(tmp_path / "out")]) == ExitCode.DONE
    told = capsys.readouterr().err
    assert "without dashboards, because grafana_foundation_sdk is not installed" in told
    assert "promtool is not installed: prometheus.yml was not checked" in told
    assert "amtool is not installed: alertmanager.yml was not checked" in told
    assert not (tmp_path / "out" / "grafana").exists()


@pytest.mark.system_tools
def test_init_lets_promtool_and_amtool_check_what_it_writes(tmp_path, capsys):
    require_program("promtool")
    require_program("amtool")
    assert cli.main(["monitoring", "init", str(tmp_path / "out"), "--job", "null"]) == ExitCode.DONE
    told = capsys.readouterr().out
    assert "promtool finds nothing wrong" in told
    assert "amtool finds nothing wrong" in told


@pytest.mark.system_tools
@pytest.mark.parametrize(
    ("file", "text", "tool"),
    [
        ("prometheus.yml", "rule_files: [missing.yml]", "promtool"),
        ("alertmanager.yml", "route: {receiver: nobody}", "amtool"),
    ],
)
def test_init_writes_nothing_that_a_tool_finds_wrong(  # noqa: PLR0917 - fixtures and a table
    tmp_path, monkeypatch, capsys, file, text, tool
):
    require_program(tool)
    real = installation.files
    monkeypatch.setattr(installation, "files", lambda site: {**real(site), file: text})
    out = tmp_path / "out"
    assert cli.main(["monitoring", "init", str(out)]) == ExitCode.FAILED
    told = capsys.readouterr().err
    assert f"nothing is written, because {tool} says:" in told
    assert ".monitoring-" not in told
    assert not out.exists()


def lock(monkeypatch, tmp_path, **config):
    file = tmp_path / "web.yml"
    file.write_text(yaml.safe_dump(config), "utf-8")
    monkeypatch.setenv("PROMETHEUS_WEB_CONFIG", str(file))


def ours(out):
    return loaded(out / "prometheus.yml")["scrape_configs"][0]


def test_init_gets_through_the_locks_of_this_installation(tmp_path, monkeypatch, capsys):
    tls = {"cert_file": "c", "key_file": "k", "client_ca_file": "a", "client_auth_type": "RequireAndVerifyClientCert"}
    lock(monkeypatch, tmp_path, tls_server_config=tls, basic_auth_users={"ann": "$2b$10$x", "bob": "$2b$10$y"})
    (tmp_path / ".env").write_text("PROMETHEUS_NATIVE_HISTOGRAMS=true\n", "utf-8")
    out = tmp_path / "out"
    out.mkdir()
    (out / "password").write_text("secret", "utf-8")
    assert cli.main(["monitoring", "init", str(out)]) == ExitCode.DONE
    assert ours(out)["scheme"] == "https"
    assert ours(out)["tls_config"] == {"ca_file": "ca.crt"}
    assert ours(out)["basic_auth"] == {"username": "ann", "password_file": "password"}
    assert ours(out)["params"] == {"format": ["text"]}
    told = capsys.readouterr().err
    assert f"Prometheus cannot scrape before there is {out / 'ca.crt'}\n" in told
    assert str(out / "password") not in told
    assert "web.yml asks for a certificate: add cert_file and key_file to tls_config" in told


def test_init_takes_options_before_what_this_installation_does(tmp_path, monkeypatch):
    lock(monkeypatch, tmp_path, tls_server_config={"cert_file": "c", "key_file": "k"})
    out = tmp_path / "out"
    access = ["--ca-file", "/etc/ca.pem", "--server-name", "agents", "--username", "eve", "--password-file", "/run/pw"]
    assert cli.main(["monitoring", "init", str(out), *access, "--text"]) == ExitCode.DONE
    assert ours(out)["tls_config"] == {"ca_file": "/etc/ca.pem", "server_name": "agents"}
    assert ours(out)["basic_auth"] == {"username": "eve", "password_file": "/run/pw"}
    assert ours(out)["params"] == {"format": ["text"]}
    more = ["--sample-limit", "900", "--prometheus-target", "p:9"]
    assert cli.main(["monitoring", "init", str(out), "--force", "--scheme", "http", *more]) == ExitCode.DONE
    assert set(ours(out)) == {"job_name", "sample_limit", "static_configs"}
    assert ours(out)["sample_limit"] == 900
    assert loaded(out / "prometheus.yml")["scrape_configs"][1]["static_configs"] == [{"targets": ["p:9"]}]


def test_runbooks_lie_beside_the_rules_and_are_served_by_the_instances(tmp_path, capsys):
    out = tmp_path / "out"
    options = ["--target", "10.0.0.1:8000", "--target", "10.0.0.2:8000", "--scheme", "https"]
    assert cli.main(["monitoring", "init", str(out), *options]) == ExitCode.DONE
    rules = [rule for group in loaded(out / "prometheus-alert-rules.yml")["groups"] for rule in group["rules"]]
    for rule in rules:
        url = rule["annotations"]["runbook_url"]
        assert url.startswith("https://{{")
        assert url.endswith(f"}}}}/runbooks/{rule['alert']}")
        assert "{{ $labels.instance }}" in url or "{{ else }}10.0.0.1:8000{{ end }}" in url
        page = (out / "runbooks" / f"{rule['alert']}.md").read_text("utf-8")
        assert page.startswith(f"# {rule['alert']}\n")
    assert (out / "runbooks" / "README.md").is_file()
    assert "runbook" not in capsys.readouterr().err


def test_external_labels_tell_two_regions_apart(tmp_path):
    out = tmp_path / "out"
    labels = ["--external-label", "region=eu", "--external-label", "tenant=a: b"]
    assert cli.main(["monitoring", "init", str(out), *labels]) == ExitCode.DONE
    config = loaded(out / "prometheus.yml")["global"]
    assert config["external_labels"] == {"monitor": "gui-agents", "region": "eu", "tenant": "a: b"}
    routing = loaded(out / "alertmanager.yml")
    for apart in (routing["route"]["group_by"], *(rule["equal"] for rule in routing["inhibit_rules"])):
        assert {"job", "monitor", "region", "tenant"} <= set(apart)


def test_the_help_of_init_lists_every_threshold(capsys):
    with pytest.raises(SystemExit):
        cli.main(["monitoring", "init", "--help"])
    told = capsys.readouterr().out
    for field in attrs.fields(Thresholds):
        [line] = [line for line in told.splitlines() if line.startswith(f"  {field.name} ")]
        assert line.endswith(f": {field.metadata['help']}")
    assert "  memory_bytes               2147483648  0 to 1125899906842624: resident bytes" in told
    with pytest.raises(SystemExit):
        cli.main(["monitoring", "check", "--help"])
    assert "memory_bytes" not in capsys.readouterr().out


def test_check_says_what_to_install(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "promql_parser", None)
    for module in ("inspection", "promql"):
        monkeypatch.delitem(sys.modules, f"collectors.operations.{module}", raising=False)
        monkeypatch.delattr(f"collectors.operations.{module}", raising=False)
    assert cli.main(["monitoring", "check", "http://127.0.0.1:1"]) == ExitCode.USAGE
    told = capsys.readouterr().err
    assert told == f"gui-agents: promql_parser is not installed; run: {install_command('operations')}\n"


def test_init_changes_a_threshold_in_all_files_at_once(tmp_path):
    out = tmp_path / "out"
    options = ["--sharded", "--kubernetes", "--threshold", "task_failure_ratio=0.35"]
    assert cli.main(["monitoring", "init", str(out), *options]) == ExitCode.DONE
    changed = {str(path.relative_to(out)) for path in out.rglob("*.*") if "0.35" in path.read_text("utf-8")}
    assert changed == {
        "prometheus-alert-rules.yml",
        "sharding/global-rules.yml",
        "kubernetes/prometheusrule.yml",
        "grafana/gui-agents-tasks.json",
    }
    assert (out / "sharding" / "shard-rules.yml").is_file()
    assert not [path for path in out.rglob("*.*") if "tools" in path.read_text("utf-8")]


def test_init_writes_rules_for_shards_and_kubernetes_only_when_it_is_asked_to(tmp_path):
    assert cli.main(["monitoring", "init", str(tmp_path / "out")]) == ExitCode.DONE
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "alertmanager.yml",
        "grafana",
        "prometheus-alert-rules.yml",
        "prometheus-recording-rules.yml",
        "prometheus.yml",
        "runbooks",
    }


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--threshold", "task_slo=0.5"], "--threshold task_slo: 14.4 times the error budget of 0.5"),
        (["--threshold", "nothing=1"], "--threshold nothing: is no threshold; known are"),
        (["--job", "a b"], "--job 'a b' must be letters"),
        (["--job", "alertmanager"], "--job: 'alertmanager' is another job of the configuration"),
        (["--target", "nohost"], "--target: 'nohost' must be HOST:PORT"),
        (["--target", "127.0.0.1:99999"], "--target: '127.0.0.1:99999' must be HOST:PORT"),
        (["--alertmanager", "nohost"], "--alertmanager: 'nohost' must be HOST:PORT"),
        (["--prometheus-target", "nohost"], "--prometheus-target: 'nohost' must be HOST:PORT"),
        (["--webhook", "mailto:x"], "--webhook: 'mailto:x' must be an http or https address"),
        (["--webhook", "http://host:abc"], "--webhook: 'http://host:abc' must be an http or https address"),
        (["--webhook", "http://[::1"], "--webhook: 'http://[::1' must be an http or https address"),
        (["--webhook", "http://h/x?token=a"], "--webhook: 'http://h/x?token=a' must hold no query"),
        (["--external-label", "job=x"], "--external-label: 'job' cannot be the name of an external label"),
        (["--external-label", "a-b=x"], "--external-label: 'a-b' cannot be the name of an external label"),
        (["--external-label", "region"], "--external-label: '' of region must be a text of one line"),
        (["--runbooks", ""], "--runbooks: '' must be an http or https address"),
        (["--runbooks", "not a url"], "--runbooks: 'not a url' must be an http or https address"),
        (["--runbooks", "http://h/a\nb"], "--runbooks: 'http://h/a\\nb' must be an http or https address"),
        (["--runbooks", "http://h/{{ foo }}"], "--runbooks: 'http://h/{{ foo }}' must be an http or https address"),
        (["--interval", "1s"], "--interval: at 1s a scrape times out after 1s, so that ScrapeSlow could never fire"),
        (["--ca-file", "ca.crt"], "--ca-file: is for the scheme https alone"),
        (["--password-file", "p"], "--username: it and a password file need each other"),
    ],
)
def test_init_refuses_what_cannot_work_and_writes_nothing(tmp_path, capsys, options, message):
    assert cli.main(["monitoring", "init", str(tmp_path / "out"), *options]) == ExitCode.USAGE
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith(f"gui-agents: {message}")
    assert not (tmp_path / "out").exists()


def test_init_needs_a_target_where_the_port_is_not_known(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("PROMETHEUS_PORT", "0")
    assert cli.main(["monitoring", "init", str(tmp_path / "out")]) == ExitCode.USAGE
    assert "name it by --target" in capsys.readouterr().err


def test_init_writes_over_nothing_unless_it_is_told_to(tmp_path, monkeypatch, capsys):
    mine = tmp_path / "alertmanager.yml"
    mine.write_text("mine", "utf-8")
    assert cli.main(["monitoring", "init", str(tmp_path)]) == ExitCode.USAGE
    assert "alertmanager.yml exist already; name another directory, or say --force" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["alertmanager.yml"]
    assert cli.main(["monitoring", "init", str(tmp_path), "--force"]) == ExitCode.DONE
    assert mine.read_text("utf-8") != "mine"


@pytest.mark.parametrize("name", ["out", "out/grafana"])
def test_init_names_the_file_that_is_in_a_directorys_place(tmp_path, capsys, name):
    obstacle = tmp_path / name
    obstacle.parent.mkdir(exist_ok=True)
    obstacle.touch()
    assert cli.main(["monitoring", "init", str(tmp_path / "out"), "--force"]) == ExitCode.USAGE
    assert f"gui-agents: {obstacle}: is no directory\n" in capsys.readouterr().err
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [obstacle]


BARE = {
    "targets": {"activeTargets": []},
    "rules": {"groups": []},
    "alertmanagers": {"activeAlertmanagers": []},
    "query": {"result": []},
}


def bare(request):
    """Answer as a Prometheus with nothing in it."""
    return 200, json.dumps({"data": BARE[request.path.split("/")[-1].split("?")[0]]}).encode()


def test_check_says_everything_that_is_wrong(capsys):
    with answering(bare) as (url, _):
        assert cli.main(["monitoring", "check", url + "/"]) == ExitCode.FAILED
    told = capsys.readouterr().out
    assert "no target has job='gui_agents'" in told
    assert "rules are not loaded" in told
    assert "knows no Alertmanager" in told


def test_check_asks_an_alertmanager_that_it_learns_of_without_the_password(monkeypatch, capsys, unused_tcp_port):
    monkeypatch.setenv("PROMETHEUS_PASSWORD", "secret")
    with answering(lambda _: (503, b"not yet")) as (alerts, asked):
        found = [{"url": f"{alerts}/api/v2/alerts"}, {"url": f"http://127.0.0.1:{unused_tcp_port}/api/v2/alerts"}]
        monkeypatch.setitem(BARE, "alertmanagers", {"activeAlertmanagers": found})
        with answering(bare) as (url, requests):
            assert cli.main(["monitoring", "check", url, "--user", "ann"]) == ExitCode.FAILED
    assert all(request.headers["authorization"].startswith("Basic ") for request in requests)
    assert [request.path for request in asked] == ["/-/ready"]
    assert "authorization" not in asked[0].headers
    told = capsys.readouterr().out
    assert f"Alertmanager at http://127.0.0.1:{unused_tcp_port}/-/ready cannot be reached: Connection refused" in told
    assert alerts not in told


def test_check_goes_to_a_prometheus_behind_tls(tmp_path, capsys):
    authority = trustme.CA()
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(server)
    authority.cert_pem.write_to_path(tmp_path / "ca.crt")
    with answering(bare, server) as (url, _):
        assert cli.main(["monitoring", "check", url]) == ExitCode.UNREACHABLE
        assert "name the authority that signed its certificate with --ca-file" in capsys.readouterr().err
        assert cli.main(["monitoring", "check", url, "--ca-file", str(tmp_path / "ca.crt")]) == ExitCode.FAILED
    assert "no target has job='gui_agents'" in capsys.readouterr().out


def test_check_of_nothing_is_unreachable(unused_tcp_port, capsys):
    assert cli.main(["monitoring", "check", f"http://127.0.0.1:{unused_tcp_port}"]) == ExitCode.UNREACHABLE
    assert "cannot be reached: Connection refused" in capsys.readouterr().err


def test_check_of_what_speaks_no_http_is_one_line(service, capsys):
    _, address = service
    assert cli.main(["monitoring", "check", f"http://{address}"]) == ExitCode.UNREACHABLE
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith(f"gui-agents: Prometheus at http://{address}/api/v1/targets?state=active cannot")


@pytest.mark.parametrize("body", ["[]", '"x"', '{"data":{}}', '{"data":[]}', "{}", "null"])
def test_check_of_another_server_is_one_line(body, capsys):
    with answering(lambda _: (200, body.encode())) as (url, _):
        assert cli.main(["monitoring", "check", url]) == ExitCode.FAILED
    assert capsys.readouterr().err == (
        f"gui-agents: {url} is no Prometheus: the answer to api/v1/targets is not that of a Prometheus\n"
    )


def test_check_of_a_page_is_one_line(capsys):
    with answering(lambda _: (200, b"<html>")) as (url, _):
        assert cli.main(["monitoring", "check", url]) == ExitCode.FAILED
    told = capsys.readouterr().err
    assert told == f"gui-agents: {url}/api/v1/targets answers with what is no JSON: is it Prometheus?\n"


@pytest.mark.parametrize("url", ["localhost:9090", "http://127.0.0.1:abc", "http://[::1", "ftp://x"])
def test_check_wants_an_address(capsys, url):
    assert cli.main(["monitoring", "check", url]) == ExitCode.USAGE
    assert f"URL must be an address such as http://127.0.0.1:9090, not {url!r}" in capsys.readouterr().err


def test_check_refuses_a_job_that_cannot_be(capsys):
    assert cli.main(["monitoring", "check", "http://127.0.0.1:1", "--job", "a b"]) == ExitCode.USAGE
    assert "gui-agents: --job 'a b' must be letters" in capsys.readouterr().err
