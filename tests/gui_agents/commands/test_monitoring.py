import json
import ssl

import pytest
import trustme
import yaml

from collectors.operations import installation
from gui_agents import cli
from gui_agents.commands.exits import ExitCode
from tests.system_tools import require_program
from tests.web_servers import answering


def loaded(path):
    return yaml.safe_load(path.read_text("utf-8"))


def test_init_writes_what_was_asked_for(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(installation, "promtool_says", lambda _: None)
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
    written = capsys.readouterr().out.splitlines()
    assert str(out / "prometheus.yml") in written


def test_init_takes_this_installations_own_port(tmp_path, monkeypatch):
    monkeypatch.setattr(installation, "promtool_says", lambda _: None)
    monkeypatch.setenv("PROMETHEUS_PORT", "8123")
    monkeypatch.setenv("PROMETHEUS_HOST", "0.0.0.0")  # noqa: S104 - never bound
    assert cli.main(["monitoring", "init", str(tmp_path / "out")]) == ExitCode.DONE
    config = loaded(tmp_path / "out" / "prometheus.yml")
    assert config["scrape_configs"][0]["static_configs"][0]["targets"] == ["127.0.0.1:8123"]


def test_init_says_when_promtool_or_grafanas_sdk_is_missing(tmp_path, monkeypatch, capsys):
    def missing(_limits):
        raise ImportError(name="grafana_foundation_sdk")

    monkeypatch.setattr(installation, "dashboards", missing)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert cli.main(["monitoring", "init", str(tmp_path / "out")]) == ExitCode.DONE
    told = capsys.readouterr().err
    assert "without dashboards, because grafana_foundation_sdk is not installed" in told
    assert "promtool is not installed: the files were not checked" in told
    assert not (tmp_path / "out" / "grafana").exists()


@pytest.mark.system_tools
def test_init_lets_promtool_check_what_it_wrote(tmp_path, capsys):
    require_program("promtool")
    assert cli.main(["monitoring", "init", str(tmp_path / "out"), "--job", "agents"]) == ExitCode.DONE
    assert "promtool finds nothing wrong" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--threshold", "task_slo=0.5"], "task_slo: 14.4 times the error budget of 0.5"),
        (["--threshold", "nothing=1"], "nothing: is no threshold; known are"),
        (["--job", "a b"], "job 'a b' must be letters"),
        (["--target", "nohost"], "targets: 'nohost' must be HOST:PORT"),
        (["--webhook", "mailto:x"], "webhook: 'mailto:x' must be an http or https address"),
    ],
)
def test_init_refuses_what_cannot_work_and_writes_nothing(tmp_path, capsys, options, message):
    assert cli.main(["monitoring", "init", str(tmp_path / "out"), *options]) == ExitCode.USAGE
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_init_needs_a_target_where_the_port_is_not_known(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("PROMETHEUS_PORT", "0")
    assert cli.main(["monitoring", "init", str(tmp_path / "out")]) == ExitCode.USAGE
    assert "name it by --target" in capsys.readouterr().err


def test_init_writes_over_nothing_unless_it_is_told_to(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(installation, "promtool_says", lambda _: None)
    mine = tmp_path / "alertmanager.yml"
    mine.write_text("mine", "utf-8")
    assert cli.main(["monitoring", "init", str(tmp_path)]) == ExitCode.USAGE
    assert "alertmanager.yml exist already; name another directory, or say --force" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["alertmanager.yml"]
    assert cli.main(["monitoring", "init", str(tmp_path), "--force"]) == ExitCode.DONE
    assert mine.read_text("utf-8") != "mine"


def test_init_into_a_file_is_wrong_usage(tmp_path, capsys):
    (tmp_path / "file").touch()
    assert cli.main(["monitoring", "init", str(tmp_path / "file")]) == ExitCode.USAGE
    assert "file: File exists" in capsys.readouterr().err


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
    assert f"URL must be an address such as http://127.0.0.1:8000, not {url!r}" in capsys.readouterr().err


def test_check_refuses_a_job_that_cannot_be(capsys):
    assert cli.main(["monitoring", "check", "http://127.0.0.1:1", "--job", "a b"]) == ExitCode.USAGE
    assert "gui-agents: --job 'a b' must be letters" in capsys.readouterr().err
