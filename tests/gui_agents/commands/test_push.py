import contextlib
import math
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request

import attrs
import pytest
from prometheus_client.parser import text_string_to_metric_families

from gui_agents import cli
from gui_agents.commands.exits import ExitCode
from gui_agents.domain.packages import install_command
from tests.collectors import golden
from tests.collectors.sources import Fixed
from tests.ports import free_port
from tests.system_tools import require_program
from tests.web_servers import answering, serving

SECONDS = 20.0
"""After so long a test that waits has failed."""


def until(holds):
    """Wait for what another process brings about, and return it."""
    deadline = time.monotonic() + SECONDS
    while not (found := holds()):
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.01)
    return found


def read(url):
    with urllib.request.urlopen(url, timeout=SECONDS) as answer:  # noqa: S310 - of our own
        return answer.read().decode()


def families(url):
    return {family.name: family for family in text_string_to_metric_families(read(url))}


def group(gateway, **grouping):
    """Return what the gateway shows of one group: types, and values without the group's labels."""
    types, values = {}, {}
    for family in families(f"{gateway}/metrics").values():
        for sample in family.samples:
            labels = dict(sample.labels)
            if grouping == {name: labels.pop(name, None) for name in grouping}:
                types[family.name] = family.type
                values[series(sample.name, labels)] = sample.value
    return types, values


def page(url):
    types, values = {}, {}
    for family in families(url).values():
        for sample in family.samples:
            types[family.name] = family.type
            values[series(sample.name, sample.labels)] = sample.value
    return types, values


def series(name, labels):
    """Return a key for one series; bounds and quantiles are numbers, because the gateway writes 10 for 10.0."""
    numbers = {label: float(labels[label]) for label in ("le", "quantile") if label in labels}
    return name, frozenset((labels | numbers).items())


def lasting(values):
    """Return what does not change from one scrape of a fixed source to the next, as texts: NaN is not equal to NaN."""
    moving = ("process_", "python_gc_", "agent_memory_", "agent_collector_duration", "push_")
    return {key: str(float(value)) for key, value in values.items() if not key[0].startswith(moving)}


@pytest.fixture
def metrics():
    """The page of a service that is busy."""
    with serving(Fixed(golden.busy_snapshot())) as url:
        yield url


@contextlib.contextmanager
def pushgateway(port, directory):
    program = require_program("prometheus-pushgateway")
    # Debian's build keeps what was pushed in a file of the system unless told not to.
    command = [program, f"--web.listen-address=127.0.0.1:{port}", "--persistence.file="]
    with (directory / "pushgateway.log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    url = f"http://127.0.0.1:{port}"
    try:
        until(lambda: answers(f"{url}/-/ready"))
        yield url
    finally:
        process.terminate()
        process.wait(SECONDS)


def answers(url):
    try:
        return bool(read(url))
    except (urllib.error.URLError, ConnectionError):
        return False


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    """A real gateway."""
    with pushgateway(free_port(), tmp_path_factory.mktemp("gateway")) as url:
        yield url


@pytest.mark.system_tools
def test_the_gateway_shows_every_type_and_number_of_the_page(gateway, metrics):
    assert cli.main(["push", "--gateway", gateway, "--metrics-url", metrics, "--instance", "one"]) == ExitCode.DONE
    types, values = group(gateway, job="gui_agents", instance="one")
    ours, numbers = page(metrics)
    assert {name: types[name] for name in ours} == ours
    assert {"counter", "gauge", "histogram", "summary"} <= set(ours.values())
    assert lasting(values) == lasting(numbers)
    assert values["agent_execution_cost_total", frozenset({("currency", "USD")})] == 12.3
    assert values["agent_task_execution_duration_seconds_bucket", frozenset({("le", math.inf)})] == 6
    assert ("push_time_seconds", frozenset()) in values


@pytest.mark.system_tools
def test_a_push_replaces_what_its_group_held(gateway):
    source = Fixed(golden.busy_snapshot())
    arguments = ["push", "--gateway", f"{gateway}/", "--job", "agents", "--instance", "a/b"]
    with serving(source) as metrics:
        cli.main([*arguments, "--metrics-url", metrics])
        before = group(gateway, job="agents", instance="a/b")[1]
        tasks = attrs.evolve(source.current.tasks, oldest_pending_at=None)
        source.current = attrs.evolve(source.current, tasks=tasks)
        cli.main([*arguments, "--metrics-url", metrics])
        after = group(gateway, job="agents", instance="a/b")[1]
    assert {key[0] for key in before} - {key[0] for key in after} == {"agent_task_oldest_pending_timestamp_seconds"}


@pytest.mark.system_tools
def test_timestamps_and_families_that_come_twice_do_not_reach_the_gateway(gateway):
    text = b'# TYPE a gauge\na 1 1700000000000\n# TYPE b gauge\nb 2\n# HELP a again\n# TYPE a gauge\na{x="1"} 3\n'
    with answering(lambda _: (200, text)) as (url, _):
        assert cli.main(["push", "--gateway", gateway, "--metrics-url", url, "--job", "twice"]) == ExitCode.DONE
    values = group(gateway, job="twice", instance=socket.gethostname())[1]
    assert (values["a", frozenset()], values["a", frozenset({("x", "1")})]) == (1, 3)


@pytest.mark.system_tools
def test_what_the_gateway_refuses_is_told_with_its_reason(gateway, capsys):
    pages = iter([b"# TYPE clash_total counter\nclash_total 1\n", b"# TYPE clash_total gauge\nclash_total 1\n"])
    with answering(lambda _: (200, next(pages))) as (url, _):
        arguments = ["push", "--gateway", gateway, "--metrics-url", url, "--job"]
        codes = [cli.main([*arguments, job]) for job in ("one", "two")]
    assert codes == [ExitCode.DONE, ExitCode.REFUSED]
    told = capsys.readouterr().err
    assert "refuses with 400" in told
    assert "inconsistent" in told


@pytest.mark.system_tools
def test_intervals_push_what_changes_survive_the_gateways_absence_and_clean_up(tmp_path):
    source = Fixed(golden.busy_snapshot())
    port = free_port()
    arguments = ["push", "--gateway", f"http://127.0.0.1:{port}", "--every", "0.05", "--delete-on-exit"]
    with serving(source) as metrics:
        command = [sys.executable, "-m", "gui_agents.cli", *arguments, "--metrics-url", metrics, "--instance", "i"]
        process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=tmp_path, env=dict(os.environ))
        try:
            assert process.stderr is not None
            told = process.stderr.readline()
            assert "the gateway at" in told
            assert "Connection refused; trying again every 0.05 s" in told
            with pushgateway(port, tmp_path) as gateway:
                until(lambda: created(gateway) == 12)
                source.current = attrs.evolve(
                    source.current,
                    tasks=attrs.evolve(source.current.tasks, created={**source.current.tasks.created, "pending": 13}),
                )
                until(lambda: created(gateway) == 13)
                process.send_signal(signal.SIGTERM)
                assert process.wait(SECONDS) == ExitCode.DONE
                assert created(gateway) is None
            assert process.stderr.read() == "gui-agents: pushing again\n"
        finally:
            process.kill()
            process.wait()
            process.stderr.close()


def created(gateway):
    values = group(gateway, job="gui_agents", instance="i")[1]
    return values.get(("agent_tasks_created_total", frozenset({("status", "pending")})))


def test_a_gateway_that_is_down_is_out_of_reach(metrics, unused_tcp_port, capsys):
    gateway = f"http://127.0.0.1:{unused_tcp_port}"
    assert cli.main(["push", "--gateway", gateway, "--metrics-url", metrics]) == ExitCode.UNREACHABLE
    assert f"the gateway at {gateway}/metrics/job/gui_agents/instance/" in capsys.readouterr().err


def test_a_service_that_is_down_is_out_of_reach_and_nothing_is_pushed(unused_tcp_port, capsys):
    with answering(lambda _: (200, b"")) as (gateway, requests):
        arguments = ["push", "--gateway", gateway, "--metrics-url", f"http://127.0.0.1:{unused_tcp_port}/metrics"]
        assert cli.main(arguments) == ExitCode.UNREACHABLE
    assert requests == []
    assert "the metrics page at" in capsys.readouterr().err


def test_the_page_and_the_gateway_have_passwords_of_their_own(monkeypatch):
    monkeypatch.setenv("METRICS_PASSWORD", "one")
    monkeypatch.setenv("GATEWAY_PASSWORD", "two")
    text = b"# TYPE a gauge\na 1\n"
    with answering(lambda _: (200, text)) as (url, read_requests), answering(lambda _: (202, b"")) as (gateway, pushed):
        arguments = ["push", "--gateway", gateway, "--metrics-url", url, "--user", "ann", "--gateway-user", "bob"]
        assert cli.main([*arguments, "--job", "j", "--instance", "i"]) == ExitCode.DONE
    assert read_requests[0].headers["authorization"] == "Basic YW5uOm9uZQ=="
    assert pushed[0].headers["authorization"] == "Basic Ym9iOnR3bw=="
    assert (pushed[0].method, pushed[0].path) == ("PUT", "/metrics/job/j/instance/i")
    assert pushed[0].body == b"# HELP a \n# TYPE a gauge\na 1.0\n"


@pytest.mark.parametrize(("more", "methods"), [((), ["PUT"]), (("--delete-on-exit",), ["PUT", "DELETE"])])
def test_ctrl_c_ends_intervals_without_an_error(metrics, more, methods):
    before = signal.getsignal(signal.SIGINT)

    def pushed(request):
        if request.method == "PUT":
            os.kill(os.getpid(), signal.SIGINT)
        return 200, b""

    with answering(pushed) as (gateway, requests):
        arguments = ["push", "--gateway", gateway, "--metrics-url", metrics, "--every", "3600"]
        assert cli.main([*arguments, *more]) == ExitCode.DONE
    assert [request.method for request in requests] == methods
    assert signal.getsignal(signal.SIGINT) is before


def test_a_second_ctrl_c_cuts_off_a_push_that_hangs(metrics, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as gateway:
        url = f"http://127.0.0.1:{gateway.getsockname()[1]}"
        arguments = ["push", "--gateway", url, "--metrics-url", metrics, "--every", "1", "--timeout", "3600"]
        command = [sys.executable, "-m", "gui_agents.cli", *arguments, "--delete-on-exit"]
        with subprocess.Popen(command, cwd=tmp_path) as process:
            try:
                connection, _ = gateway.accept()
                # Two signals that arrive at once are one; the last one may meet an interpreter that is ending already.
                until(lambda: process.poll() is not None or process.send_signal(signal.SIGINT))
                connection.close()
                assert process.wait(SECONDS) in {ExitCode.INTERRUPTED, -signal.SIGINT}
            finally:
                process.kill()


def test_a_gateway_that_hangs_does_not_hold_up_the_end(metrics, monkeypatch, capsys):
    monkeypatch.setattr("gui_agents.commands.push.DELETE_SECONDS", 0.05)
    ended = threading.Event()

    def answer(request):
        if request.method == "PUT":
            os.kill(os.getpid(), signal.SIGINT)
        else:
            ended.wait(SECONDS)
        return 200, b""

    with answering(answer) as (gateway, requests):
        arguments = ["push", "--gateway", gateway, "--metrics-url", metrics, "--every", "3600", "--timeout", "3600"]
        code = cli.main([*arguments, "--delete-on-exit"])
        assert not ended.is_set()
        ended.set()
    assert code == ExitCode.UNREACHABLE
    assert [request.method for request in requests] == ["PUT", "DELETE"]
    assert "the gateway at" in capsys.readouterr().err


def test_an_address_without_a_path_is_that_of_the_metrics():
    text = b"# TYPE a gauge\na 1\n"
    with answering(lambda _: (200, text)) as (url, read_requests):
        for address in (url, f"{url}/", f"{url}?name[]=a", f"{url}/other"):
            assert cli.main(["push", "--gateway", url, "--metrics-url", address]) == ExitCode.DONE
    paths = [request.path for request in read_requests if request.method == "GET"]
    assert paths == ["/metrics", "/metrics", "/metrics?name[]=a", "/other"]


@pytest.mark.parametrize(
    ("text", "says"),
    [(b"", "has no metrics; is it the service's /metrics?"), (b"<html>", "is not a page of metrics")],
)
def test_what_is_no_page_is_not_pushed(text, says, capsys):
    with answering(lambda _: (200, text)) as (url, _):
        assert cli.main(["push", "--gateway", url, "--metrics-url", url]) == ExitCode.FAILED
    assert says in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--gateway", "nowhere"], "--gateway must be an address such as http://127.0.0.1:9091, not 'nowhere'"),
        (["--gateway", "http://x?y=1"], "--gateway must not contain ? or #"),
        (["--gateway", "http://x/#"], "--gateway must not contain ? or #"),
        (
            ["--gateway", "http://x", "--metrics-url", "x"],
            "--metrics-url must be an address such as http://127.0.0.1:8000/metrics, not 'x'",
        ),
        (["--gateway", "http://x", "--delete-on-exit"], "--delete-on-exit needs --every"),
    ],
)
def test_wrong_usage_says_what_is_wrong(arguments, says, capsys):
    assert cli.main(["push", *arguments]) == ExitCode.USAGE
    assert says in capsys.readouterr().err


def test_a_job_needs_a_name():
    with pytest.raises(SystemExit):
        cli.main(["push", "--gateway", "http://x", "--job", ""])


def test_a_port_that_the_service_chooses_must_be_named(monkeypatch, capsys):
    monkeypatch.setenv("PROMETHEUS_PORT", "0")
    assert cli.main(["push", "--gateway", "http://x"]) == ExitCode.USAGE
    assert "name the page with --metrics-url" in capsys.readouterr().err


def test_the_page_is_where_the_environment_says(monkeypatch, unused_tcp_port, capsys):
    monkeypatch.setenv("PROMETHEUS_PORT", str(unused_tcp_port))
    assert cli.main(["push", "--gateway", "http://x"]) == ExitCode.UNREACHABLE
    assert f"http://127.0.0.1:{unused_tcp_port}/metrics" in capsys.readouterr().err


@pytest.mark.system_tools
def test_a_locked_page_is_carried_to_the_gateway(gateway, locked_page):
    arguments = ["push", "--gateway", gateway, "--instance", "locked", *locked_page]
    assert cli.main(arguments) == ExitCode.DONE
    _, values = group(gateway, job="gui_agents", instance="locked")
    assert values["agent_tasks_active", frozenset()] == 3


def test_a_locked_page_is_not_read_without_its_password(locked_page, capsys):
    assert cli.main(["push", "--gateway", "http://127.0.0.1:9", *locked_page[2:]]) == ExitCode.REFUSED
    assert "name them with --user and METRICS_PASSWORD" in capsys.readouterr().err


def test_without_the_extra_the_command_that_installs_it_is_told(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "collectors.scraping.scraped", None)
    assert cli.main(["push", "--gateway", "http://x"]) == ExitCode.USAGE
    assert f"run: {install_command('prometheus')}" in capsys.readouterr().err
