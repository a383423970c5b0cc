"""Processes are found by their marker, and ended by nothing but a descriptor."""

import signal

from gui_agents.jail import processes


def test_only_processes_with_a_marker_are_ended(sleeper):
    one, two, other = sleeper("one"), sleeper("two"), sleeper("one-more")
    assert processes.end_marked(["one", "two"], [], 20)
    assert [one.wait(), two.wait()] == [-signal.SIGKILL] * 2
    assert other.poll() is None


def test_a_process_that_comes_to_have_another_s_number_is_not_ended(sleeper):
    process = sleeper("one")
    assert processes.end_all(lambda: [process.pid], lambda _pid: False, 20)
    assert processes.end_all(lambda: [2**22 + 1], lambda _pid: True, 20)
    assert process.poll() is None


def test_what_comes_again_and_again_is_given_up_in_time(sleeper):
    assert not processes.end_all(lambda: [sleeper("again").pid], lambda _pid: True, 0.2)
