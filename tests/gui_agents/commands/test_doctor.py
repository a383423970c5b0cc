import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib import metadata

import attrs
import pytest

from gui_agents import cli
from gui_agents.commands import doctor, service_findings
from gui_agents.commands.doctor import examine, packages_of
from gui_agents.commands.exits import ExitCode
from gui_agents.commands.findings import Verdict
from gui_agents.commands.service_findings import port_is_free
from gui_agents.domain.packages import install_command
from gui_agents.domain.providers import PROVIDERS
from gui_agents.sandboxes.registry import ROWS
from tests import scripted_model


@pytest.fixture(autouse=True)
def _free_ports(monkeypatch, unused_tcp_port_factory):
    monkeypatch.setenv("GRPC_PORT", str(unused_tcp_port_factory()))
    monkeypatch.setenv("PROMETHEUS_PORT", str(unused_tcp_port_factory()))


@pytest.fixture
def taken_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        yield taken.getsockname()[1]


@pytest.fixture
def metrics_port():
    class Page(BaseHTTPRequestHandler):
        def do_GET(self):
            body = b'# TYPE agent_tasks_active gauge\nagent_tasks_active 0\nagent_tasks{status="pending"} 0\nup 1\n'
            self.send_response(200 if self.path == "/metrics" else 404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_words):
            pass

    with HTTPServer(("127.0.0.1", 0), Page) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def findings() -> dict[str, tuple[Verdict, str]]:
    return {finding.subject: (finding.verdict, finding.text) for finding in examine()}


def missing(monkeypatch, package):
    installed = metadata.version

    def version(name):
        if name == package:
            raise metadata.PackageNotFoundError(name)
        return installed(name)

    monkeypatch.setattr(metadata, "version", version)


def test_a_sound_installation_has_no_problem(capsys):
    assert cli.main(["doctor"]) == ExitCode.DONE
    subjects = {line[9:30].strip() for line in capsys.readouterr().out.splitlines()}
    assert {"python", "configuration", "extra prometheus", "backend simulated", "gRPC port", "metrics port"} <= subjects


def test_the_extras_are_those_of_the_package():
    assert packages_of("prometheus") == ["h11", "markdown-it-py", "prometheus-client", "psutil"]
    assert packages_of("web") == ["bcrypt", "pyyaml"]


def test_every_extra_that_a_backend_needs_is_told():
    needed = {f"extra {package.extra}" for row in ROWS.values() for package in row.needs}
    assert needed <= findings().keys()


def test_a_missing_extra_is_a_note_with_its_install_command(monkeypatch):
    missing(monkeypatch, "psutil")
    verdict, text = findings()["extra prometheus"]
    assert verdict is Verdict.NOTE
    assert text == f"psutil missing; for metrics and the status page: {install_command('prometheus')}"


def test_a_missing_extra_that_is_asked_for_is_a_problem(monkeypatch, capsys):
    missing(monkeypatch, "psutil")
    monkeypatch.setenv("ENABLE_PROMETHEUS", "true")
    assert cli.main(["doctor", "--json"]) == ExitCode.FAILED
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["subject"] for row in rows if row["verdict"] == "problem"] == ["extra prometheus"]


def test_the_packages_of_a_locked_endpoint_are_a_problem_where_it_is_locked(monkeypatch, tmp_path):
    assert findings()["extra web"][0] is Verdict.OK
    missing(monkeypatch, "bcrypt")
    assert findings()["extra web"][0] is Verdict.NOTE
    locked = tmp_path / "web.yml"
    locked.write_text("basic_auth_users: {}\n")
    monkeypatch.setenv("ENABLE_PROMETHEUS", "true")
    monkeypatch.setenv("PROMETHEUS_WEB_CONFIG", str(locked))
    verdict, text = findings()["extra web"]
    assert verdict is Verdict.PROBLEM
    assert install_command("web") in text


@pytest.mark.parametrize(("wanted", "verdict"), [("simulated", Verdict.NOTE), ("x11", Verdict.PROBLEM)])
def test_a_backend_that_cannot_run_is_told_with_the_command_that_helps(monkeypatch, tmp_path, wanted, verdict):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("DEFAULT_BACKEND", wanted)
    found, text = findings()["backend x11"]
    assert found is verdict
    assert "apt-get install --no-install-recommends xvfb openbox dbus" in text
    assert findings()["backend simulated"] == (Verdict.OK, "can run")


def test_a_wrong_configuration_is_a_problem_and_the_rest_is_still_told(monkeypatch, unused_tcp_port):
    monkeypatch.setenv("TASK_STEPS", "many")
    told = findings()
    assert told["configuration"][0] is Verdict.PROBLEM
    assert "TASK_STEPS" in told["configuration"][1]
    assert "backend simulated" in told


def test_a_running_service_is_recognised(service, monkeypatch):
    _, address = service
    monkeypatch.setenv("GRPC_PORT", address.rpartition(":")[2])
    assert findings()["service"] == (Verdict.OK, f"gui-agents 7.8.9 at {address} is healthy")


def test_a_service_that_hangs_is_told_to_hang(taken_port, monkeypatch):
    monkeypatch.setattr(doctor, "PROBE_SECONDS", 0.5)
    monkeypatch.setattr(service_findings, "PROBE_SECONDS", 0.5)
    monkeypatch.setenv("GRPC_PORT", str(taken_port))
    monkeypatch.setenv("PROMETHEUS_PORT", str(taken_port))
    told = findings()
    for subject, address in (
        ("service", f"127.0.0.1:{taken_port}"),
        ("metrics", f"http://127.0.0.1:{taken_port}/metrics"),
    ):
        verdict, text = told[subject]
        assert verdict is Verdict.PROBLEM
        assert text.startswith(f"{address} accepts connections and does not answer within 0.5 s: the service hangs")


def test_a_misspelt_variable_is_a_problem_and_one_of_the_reference_a_note(monkeypatch):
    assert findings()["configuration"][0] is Verdict.OK
    monkeypatch.setenv("LYBIC_PRECREATE_SID", "SBX-secret")
    told = [finding for finding in examine() if finding.subject == "configuration"]
    assert [finding.verdict for finding in told] == [Verdict.OK, Verdict.NOTE]
    monkeypatch.setenv("TASK_MAX_TASK", "9")
    told = [finding for finding in examine() if finding.subject == "configuration"]
    assert [finding.verdict for finding in told] == [Verdict.NOTE, Verdict.PROBLEM]
    assert told[1].text.endswith("is it TASK_MAX_TASKS?")


@pytest.mark.parametrize(("line", "verdict"), [("", Verdict.NOTE), ("ci wrong", Verdict.PROBLEM)])
def test_the_file_of_tokens_is_read(monkeypatch, tmp_path, line, verdict):
    (tmp_path / "tokens").write_text(line)
    monkeypatch.setenv("ACCESS_TOKENS_FILE", str(tmp_path / "tokens"))
    assert {finding.verdict for finding in examine() if finding.subject == "tokens"} == {verdict}


def test_a_default_model_without_a_key_and_a_broken_file_of_prices_are_problems(monkeypatch, tmp_path):
    prices = tmp_path / "prices.json"
    prices.write_text("{")
    monkeypatch.setenv("DEFAULT_MODEL", "openai/gpt-4o")
    monkeypatch.setenv("MODEL_PRICES_FILE", str(prices))
    told = findings()
    assert told["default model"][0] is told["prices"][0] is Verdict.PROBLEM
    assert "OPENAI_API_KEY" in told["default model"][1]
    assert str(prices) in told["prices"][1]


def test_a_broken_file_of_models_is_a_problem_and_the_rest_is_still_told(monkeypatch, tmp_path):
    (tmp_path / "models.yaml").write_text("openai/m: {pictures: maybe}\n")
    monkeypatch.setenv("MODELS_FILE", "models.yaml")
    monkeypatch.setenv("DEFAULT_MODEL", "openai/gpt-4o")
    told = findings()
    assert told["models file"] == (
        Verdict.PROBLEM,
        "MODELS_FILE models.yaml: 'openai/m': field pictures must be true or false",
    )
    assert "backend simulated" in told
    assert cli.main(["config", "check"]) == ExitCode.USAGE


def test_each_provider_is_told_with_what_is_missing(monkeypatch):
    monkeypatch.setenv("GROQ_API_KEY", "sk-groq")
    monkeypatch.setenv("DEFAULT_MODEL", "xai/grok-4")
    told = findings()
    assert told["provider groq"] == (
        Verdict.OK,
        "configured: https://api.groq.com/openai/v1; key from GROQ_API_KEY",
    )
    assert told["provider xai"] == (Verdict.NOTE, "configured: https://api.x.ai/v1; set XAI_API_KEY")
    assert told["provider azure"] == (
        Verdict.NOTE,
        "not configured; to use it, set AZURE_OPENAI_ENDPOINT and AZURE_OPENAI_API_KEY",
    )
    assert told["provider ollama"] == (Verdict.NOTE, "not configured; to use it, set DEFAULT_MODEL=ollama/NAME")
    assert {f"provider {row.provider}" for row in PROVIDERS} <= set(told)


def test_endpoints_are_asked_only_with_probe_and_tell_a_key_that_they_refuse(monkeypatch, unused_tcp_port):
    def answer(request):
        wrong = request.headers.get("authorization") == "Bearer sk-wrong"
        return scripted_model.error(401) if wrong else scripted_model.raw(b"{}")

    with scripted_model.running_in_thread(answer) as server:
        monkeypatch.setenv("VLLM_BASE_URL", server.base_url)
        monkeypatch.setenv("GROQ_BASE_URL", server.base_url)
        monkeypatch.setenv("GROQ_API_KEY", "sk-wrong")
        monkeypatch.setenv("XAI_BASE_URL", f"http://127.0.0.1:{unused_tcp_port}/v1")
        assert findings()["provider vllm"] == (Verdict.OK, f"configured: {server.base_url}; without a key")
        assert server.requests == []
        told = {each.subject: (each.verdict, each.text) for each in examine(probe=True)}
    assert told["provider vllm"][0] is Verdict.OK
    assert told["provider vllm"][1].endswith("; it answers (HTTP 200)")
    assert told["provider groq"][0] is Verdict.PROBLEM
    assert told["provider groq"][1].endswith("; it answers and refuses the key (HTTP 401)")
    assert told["provider xai"][0] is Verdict.PROBLEM
    assert "; it cannot be reached: " in told["provider xai"][1]
    assert {(request.method, request.path) for request in server.requests} == {("GET", "/v1/models")}


@pytest.mark.parametrize(
    ("status", "verdict", "said"),
    [
        (404, Verdict.PROBLEM, "it has no list of models at {}/models (HTTP 404): is its base URL wrong?"),
        (502, Verdict.PROBLEM, "it fails (HTTP 502)"),
        (405, Verdict.OK, "it answers (HTTP 405)"),
    ],
)
def test_a_probe_tells_a_wrong_base_url_and_a_failing_server(monkeypatch, status, verdict, said):
    with scripted_model.running_in_thread(lambda _: scripted_model.error(status)) as server:
        monkeypatch.setenv("VLLM_BASE_URL", server.base_url)
        told = {each.subject: (each.verdict, each.text) for each in examine(probe=True)}
    assert told["provider vllm"][0] is verdict
    assert told["provider vllm"][1].endswith(f"; {said.format(server.base_url)}")


def test_a_probe_carries_no_key_to_where_it_is_redirected(monkeypatch):
    with scripted_model.running_in_thread(lambda _: scripted_model.raw(b"{}")) as elsewhere:
        moved = attrs.evolve(scripted_model.raw(b"", status=302), headers={"Location": elsewhere.base_url})
        with scripted_model.running_in_thread(lambda _: moved) as server:
            monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
            monkeypatch.setenv("OPENAI_API_KEY", "sk-ours")
            told = {each.subject: each.text for each in examine(probe=True)}
    assert told["provider openai"].endswith("; it answers (HTTP 302)")
    assert elsewhere.requests == []


def test_a_proxy_that_cannot_be_used_is_named(monkeypatch):
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:1080")
    monkeypatch.setenv("NO_PROXY", "")
    monkeypatch.setenv("VLLM_BASE_URL", "http://192.0.2.1:1/v1")
    told = {each.subject: (each.verdict, each.text) for each in examine(probe=True)}
    assert told["provider vllm"][0] is Verdict.PROBLEM
    assert "ALL_PROXY names no proxy that can be used" in told["provider vllm"][1]


def test_a_port_of_something_else_is_a_problem(metrics_port, monkeypatch):
    monkeypatch.setenv("GRPC_PORT", str(metrics_port))
    verdict, text = findings()["gRPC port"]
    assert verdict is Verdict.PROBLEM
    assert "another program than gui-agents" in text


def test_metrics_that_answer_are_counted(metrics_port, monkeypatch):
    monkeypatch.setenv("PROMETHEUS_PORT", str(metrics_port))
    url = f"http://127.0.0.1:{metrics_port}/metrics"
    assert findings()["metrics"] == (Verdict.OK, f"{url} answers with 2 agent_ sample names")


def test_a_locked_metrics_port_is_not_taken_for_something_else(taken_port, monkeypatch, tmp_path):
    locked = tmp_path / "web.yml"
    locked.write_text("basic_auth_users: {}\n")
    monkeypatch.setenv("PROMETHEUS_PORT", str(taken_port))
    monkeypatch.setenv("PROMETHEUS_WEB_CONFIG", str(locked))
    verdict, text = findings()["metrics"]
    assert verdict is Verdict.NOTE
    assert "PROMETHEUS_WEB_CONFIG protects it" in text


def test_a_metrics_port_that_serves_none_matters_only_when_they_are_on(service, monkeypatch):
    _, address = service
    monkeypatch.setenv("PROMETHEUS_PORT", address.rpartition(":")[2])
    assert findings()["metrics port"][0] is Verdict.NOTE
    monkeypatch.setenv("ENABLE_PROMETHEUS", "true")
    assert findings()["metrics port"][0] is Verdict.PROBLEM


def test_port_zero_is_always_free(monkeypatch):
    monkeypatch.setenv("GRPC_PORT", "0")
    monkeypatch.setenv("PROMETHEUS_PORT", "0")
    told = findings()
    assert told["gRPC port"] == (Verdict.OK, "GRPC_PORT=0: a free one is taken")
    assert told["metrics port"] == (Verdict.OK, "PROMETHEUS_PORT=0: a free one is taken")


def test_a_listening_port_is_not_free(taken_port, unused_tcp_port):
    assert not port_is_free("127.0.0.1", taken_port)
    assert port_is_free("127.0.0.1", unused_tcp_port)
