import contextlib
import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import termios
import time

import attrs
import psutil
import pytest
from rich.console import Console

from gui_agents import cli
from gui_agents.commands import top
from gui_agents.commands.exits import ExitCode
from gui_agents.domain.packages import install_command
from tests.collectors import golden
from tests.collectors.sources import Broken, Fixed
from tests.fakes import FakeClock, a_spec, new_state
from tests.web_servers import answering, locked, serving

SECONDS = 20.0
"""After so long a test that waits has failed."""


def test_once_prints_one_frame_of_a_real_service(capsys):
    state = new_state(FakeClock(), slots=3)
    for number in range(5):
        state.task_created(f"task-{number}", a_spec(), "accepted")
    state.task_started("task-0")
    with serving(state) as url:
        assert cli.main(["top", "--once", "--metrics-url", url]) == ExitCode.DONE
    shown = capsys.readouterr().out
    assert "gui-agents 1.2.3" in shown
    assert " 1/3" in shown
    assert " 4/100" in shown
    assert url in shown


def test_elsewhere_than_in_a_terminal_it_is_one_frame_too(capsys):
    with serving(Fixed(golden.busy_snapshot())) as url:
        assert cli.main(["top", "--metrics-url", url]) == ExitCode.DONE
    assert capsys.readouterr().out.count("gui-agents 0.1.0") == 1


def test_scripts_get_every_figure(capsys):
    with serving(Fixed(golden.busy_snapshot())) as url:
        assert cli.main(["top", "--once", "--json", "--metrics-url", url]) == ExitCode.DONE
    shown = json.loads(capsys.readouterr().out)
    assert (shown["running"], shown["slots"], shown["success_rate"]) == (3, 5, 0.6)
    assert shown["outcomes"]["completed"]["total"] == 3
    assert shown["methods"][0]["name"] == "QueryTaskStatus"


def test_what_has_no_value_is_null_for_scripts(capsys):
    with serving(new_state(FakeClock())) as url:
        cli.main(["top", "--once", "--json", "--metrics-url", url])
    shown = json.loads(capsys.readouterr().out)
    assert (shown["success_rate"], shown["latency_seconds"]["0.5"]) == (None, None)


def test_a_snapshot_that_fails_is_shown(capsys):
    with serving(Broken()) as url:
        assert cli.main(["top", "--once", "--metrics-url", url]) == ExitCode.DONE
    shown = capsys.readouterr().out
    assert " FAILED  tasks  rpcs  models  sandboxes  streams  storage  service" in shown


def test_numbers_without_end_are_null_for_scripts(capsys):
    with answering(lambda _: (200, b"agent_tasks_active +Inf\nagent_service_uptime_seconds -Inf\n")) as (url, _):
        assert cli.main(["top", "--once", "--json", "--metrics-url", f"{url}/metrics"]) == ExitCode.DONE
    shown = json.loads(capsys.readouterr().out)
    assert (shown["running"], shown["uptime_seconds"], shown["steps_per_second"]) == (None, None, None)


def test_what_a_page_says_in_an_error_does_not_reach_the_terminal_as_an_order(capsys):
    with answering(lambda _: (200, b"\x1b]0;title\x07 1\n")) as (url, _):
        assert cli.main(["top", "--once", "--metrics-url", f"{url}/metrics"]) == ExitCode.FAILED
    told = capsys.readouterr().err
    assert "is not a page of metrics" in told
    assert "\x1b" not in told


def test_a_service_that_is_away_is_out_of_reach(unused_tcp_port, capsys):
    url = f"http://127.0.0.1:{unused_tcp_port}/metrics"
    assert cli.main(["top", "--once", "--metrics-url", url]) == ExitCode.UNREACHABLE
    assert f"the metrics page at {url} cannot be reached" in capsys.readouterr().err


def test_a_password_that_is_missing_is_asked_for_by_its_option(capsys):
    with answering(lambda _: (401, b"")) as (url, _):
        assert cli.main(["top", "--once", "--metrics-url", url]) == ExitCode.REFUSED
    assert "name them with --user and METRICS_PASSWORD" in capsys.readouterr().err


def test_a_locked_page_is_read_with_the_authority_and_the_password(locked_page, monkeypatch, capsys):
    assert cli.main(["top", "--once", "--json", *locked_page]) == ExitCode.DONE
    assert json.loads(capsys.readouterr().out)["running"] == 3
    assert cli.main(["top", "--once", *locked_page[2:]]) == ExitCode.REFUSED
    assert "name them with --user and METRICS_PASSWORD" in capsys.readouterr().err
    assert cli.main(["top", "--once", *locked_page[:2]]) == ExitCode.UNREACHABLE
    assert "name the authority that signed its certificate with --ca-file" in capsys.readouterr().err
    monkeypatch.setenv("METRICS_PASSWORD", "wrong")
    assert cli.main(["top", "--once", *locked_page]) == ExitCode.REFUSED
    assert "refuses the password of 'prometheus'" in capsys.readouterr().err


def test_a_certificate_of_another_name_is_not_blamed_on_its_authority(tmp_path, capsys):
    with locked(Fixed(golden.busy_snapshot()), tmp_path, host="metrics.example.com") as page:
        arguments = ["top", "--once", "--metrics-url", page.url, "--ca-file", str(page.authority)]
        assert cli.main(arguments) == ExitCode.UNREACHABLE
    told = capsys.readouterr().err
    assert "certificate is not valid for '127.0.0.1'" in told
    assert "--ca-file" not in told


def test_without_the_extra_the_command_that_installs_it_is_told(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "collectors.scraping.scraped", None)
    assert cli.main(["top", "--once"]) == ExitCode.USAGE
    assert f"run: {install_command('prometheus')}" in capsys.readouterr().err


class Terminal:
    """The command in a terminal of 80 columns and 24 lines."""

    def __init__(self, *arguments, cwd, shell=()):
        self._ours, theirs = pty.openpty()
        environment = {**os.environ, "TERM": "xterm", "COLUMNS": "80", "LINES": "24"}
        command = [*shell, sys.executable, "-m", "gui_agents.cli", "top", *arguments]
        self.process = subprocess.Popen(
            command, stdin=theirs, stdout=theirs, stderr=theirs, cwd=cwd, env=environment, start_new_session=True
        )
        os.close(theirs)
        self._seen = ""

    def until(self, pattern):
        """Read until something new shows, and return all that came, codes included."""
        deadline = time.monotonic() + SECONDS
        raw = ""
        while not re.search(pattern, self._seen):
            left = deadline - time.monotonic()
            assert left > 0, f"{pattern} does not show in {self._seen[-3000:]}"
            if select.select([self._ours], [], [], left)[0]:
                text = os.read(self._ours, 2**16).decode(errors="replace")
                raw += text
                self._seen += re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)
        self._seen = ""
        return raw

    def rest(self):
        """Return all that is written until the end: a terminal that nobody reads holds up who writes to it."""
        written = b""
        with contextlib.suppress(OSError):
            while select.select([self._ours], [], [], SECONDS)[0] and (chunk := os.read(self._ours, 2**16)):
                written += chunk
        return written.decode(errors="replace")

    def press(self, keys):
        os.write(self._ours, keys)

    def modes(self):
        """Return the terminal's modes, which are the same on both of its sides."""
        return termios.tcgetattr(self._ours)

    def hang_up(self):
        os.close(self._ours)

    def close(self):
        self.process.kill()
        self.process.wait()
        self.hang_up()


def test_live_it_survives_the_services_restart_and_ends_cleanly(tmp_path, unused_tcp_port):
    source = Fixed(golden.busy_snapshot())
    with serving(source, unused_tcp_port) as url:
        terminal = Terminal("--interval", "0.05", "--metrics-url", url, cwd=tmp_path)
        try:
            terminal.until(r"completed 3 .*")
            tasks = attrs.evolve(source.current.tasks, created={**source.current.tasks.created, "completed": 4})
            source.current = attrs.evolve(source.current, tasks=tasks)
            terminal.until(r"completed 4 .*")
        except BaseException:
            terminal.close()
            raise
    try:
        terminal.until(r"away since \d\d:\d\d:\d\d; trying again")
        tasks = attrs.evolve(tasks, created={**tasks.created, "completed": 2})
        source.current = attrs.evolve(source.current, tasks=tasks)
        with serving(source, unused_tcp_port):
            terminal.until("restarted 1×")
            terminal.process.send_signal(signal.SIGINT)
            terminal.rest()
            assert terminal.process.wait(SECONDS) == ExitCode.DONE
    finally:
        terminal.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_gives_the_terminal_back(tmp_path, number):
    with serving(Fixed(golden.busy_snapshot())) as url:
        terminal = Terminal("--interval", "3600", "--metrics-url", url, cwd=tmp_path)
        try:
            terminal.until(r"completed 3 .*")
            terminal.process.send_signal(number)
            written = terminal.rest()
            assert terminal.process.wait(SECONDS) == ExitCode.DONE
        finally:
            terminal.close()
    assert "\x1b[?1049l" in written
    assert "\x1b[?25h" in written


@pytest.mark.parametrize("key", [b"q", b"Q"])
def test_q_ends_it_and_no_key_is_shown(tmp_path, key):
    with serving(Fixed(golden.busy_snapshot())) as url:
        terminal = Terminal("--interval", "3600", "--metrics-url", url, cwd=tmp_path)
        try:
            before = terminal.modes()
            terminal.until(r"completed 3 .*")
            assert not terminal.modes()[3] & termios.ECHO
            terminal.press(b"~~~" + key)
            written = terminal.rest()
            assert terminal.process.wait(SECONDS) == ExitCode.DONE
            assert terminal.modes() == before
        finally:
            terminal.close()
    assert "~~~" not in written
    assert "\x1b[?1049l" in written


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_gives_the_keyboard_back(tmp_path, number):
    with serving(Fixed(golden.busy_snapshot())) as url:
        terminal = Terminal("--interval", "3600", "--metrics-url", url, cwd=tmp_path)
        try:
            before = terminal.modes()
            terminal.until(r"completed 3 .*")
            terminal.process.send_signal(number)
            terminal.rest()
            assert terminal.process.wait(SECONDS) == ExitCode.DONE
            assert terminal.modes() == before
        finally:
            terminal.close()


SHELL = """\
import fcntl, os, signal, subprocess, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
signal.signal(signal.SIGTTOU, signal.SIG_IGN)
job = subprocess.Popen(sys.argv[1:], process_group=0)
os.tcsetpgrp(0, job.pid)
while os.WIFSTOPPED(status := os.waitpid(job.pid, os.WUNTRACED)[1]):
    os.tcsetpgrp(0, os.getpgrp())
    print("stopped", job.pid, flush=True)
    input()
    os.tcsetpgrp(0, job.pid)
    os.kill(job.pid, signal.SIGCONT)
sys.exit(os.waitstatus_to_exitcode(status))
"""
"""A shell with one job: it says that the job has stopped, and lets it go on after a line."""
LEFT = ("\x1b[?25h", "\x1b[?1049l")
TAKEN = ("\x1b[?1049h", "\x1b[?25l")


@pytest.mark.parametrize("stop", ["key", "SIGSTOP"])
def test_it_gives_the_terminal_back_while_it_is_stopped_and_draws_again_after(tmp_path, stop):
    source = Fixed(golden.busy_snapshot())
    with serving(source) as url:
        shell = (sys.executable, "-c", SHELL)
        terminal = Terminal("--interval", "3600", "--metrics-url", url, cwd=tmp_path, shell=shell)
        try:
            before = terminal.modes()
            terminal.until(r"completed 3 .*")
            for _ in range(2):
                assert not terminal.modes()[3] & termios.ECHO
                if stop == "key":
                    terminal.press(b"\x1a")
                    written = terminal.until(r"stopped \d+\s")
                    assert all(code in written for code in LEFT)
                    assert terminal.modes() == before
                else:
                    (job,) = psutil.Process(terminal.process.pid).children()
                    job.send_signal(signal.SIGSTOP)
                    # In the middle of a control sequence of the drawing, which takes the first letter for its end.
                    terminal.until(r"topped \d+\s")
                terminal.press(b"\n")
                written = terminal.until(r"completed 3 .*")
                assert all(code in written for code in TAKEN)
            terminal.press(b"q")
            written = terminal.rest()
            assert terminal.process.wait(SECONDS) == ExitCode.DONE
            assert terminal.modes() == before
            assert all(code in written for code in LEFT)
        finally:
            terminal.close()


def test_a_stop_that_nobody_could_end_does_not_happen(tmp_path):
    with serving(Fixed(golden.busy_snapshot())) as url:
        terminal = Terminal("--interval", "3600", "--metrics-url", url, cwd=tmp_path)
        try:
            terminal.until(r"completed 3 .*")
            terminal.process.send_signal(signal.SIGTSTP)
            written = terminal.until(r"completed 3 .*")
            assert all(code in written for code in (*LEFT, *TAKEN))
            assert not terminal.modes()[3] & termios.ECHO
        finally:
            terminal.close()


class Interrupted:
    """Gets a signal where no exception can be raised."""

    def __del__(self):
        signal.raise_signal(signal.SIGINT)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_signal_that_comes_while_something_is_finalized_is_not_lost(monkeypatch, capsys):
    reads = []

    def read(watched):
        reads.append(watched)
        assert len(reads) == 1, "the signal is lost"
        Interrupted()

    monkeypatch.setattr(top.Watched, "read", read)
    monkeypatch.setattr(top, "Console", lambda **more: Console(force_terminal=True, **more))
    assert cli.main(["top", "--interval", "0.01"]) == ExitCode.DONE
    assert "\x1b[?1049l" in capsys.readouterr().out


def test_a_terminal_that_is_closed_ends_it(tmp_path):
    with serving(Fixed(golden.busy_snapshot())) as url:
        terminal = Terminal("--interval", "0.05", "--metrics-url", url, cwd=tmp_path)
        try:
            terminal.until(r"completed 3 .*")
        finally:
            terminal.hang_up()
        try:
            terminal.process.send_signal(signal.SIGHUP)
            assert terminal.process.wait(SECONDS) == ExitCode.DONE
        finally:
            terminal.process.kill()
            terminal.process.wait()


def test_scripts_get_one_object_for_each_reading_until_ctrl_c(tmp_path):
    with serving(Fixed(golden.busy_snapshot())) as url:
        arguments = ["top", "--json", "--interval", "0.01", "--metrics-url", url]
        command = [sys.executable, "-m", "gui_agents.cli", *arguments]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=tmp_path) as process:
            assert process.stdout is not None
            first, second = json.loads(process.stdout.readline()), json.loads(process.stdout.readline())
            process.send_signal(signal.SIGINT)
            assert process.wait(SECONDS) == ExitCode.DONE
    assert (first["averaged_seconds"], second["averaged_seconds"] > 0) == (None, True)


@pytest.mark.parametrize("arguments", [["--interval", "0"], ["--interval", "often"], ["--timeout", "-1"]])
def test_wrong_usage_has_the_usage_code(arguments):
    with pytest.raises(SystemExit) as ended:
        cli.main(["top", *arguments])
    assert ended.value.code == ExitCode.USAGE
