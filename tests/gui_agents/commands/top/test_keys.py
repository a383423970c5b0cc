"""What the wait of `top` does with a keyboard that is none."""

import os
import sys

import pytest

from gui_agents.commands.top import keys


class Keyboard:
    """Standard input that says it is a terminal, over a pipe."""

    def __init__(self, number):
        self._number = number

    def isatty(self):
        return True

    def fileno(self):
        return self._number


@pytest.fixture
def pipe(monkeypatch):
    ours, theirs = os.pipe()
    monkeypatch.setattr(sys, "stdin", Keyboard(ours))
    monkeypatch.setattr(keys.termios, "tcgetattr", lambda _: [])
    monkeypatch.setattr(keys.termios, "tcsetattr", lambda *_: None)
    monkeypatch.setattr(keys.tty, "setcbreak", lambda *_: None)
    yield theirs
    os.close(ours)


def test_other_keys_do_not_end_the_wait(pipe):
    with keys.ended() as wait:
        os.write(pipe, b"abc")
        assert not wait(0.01)
        os.write(pipe, b"q")
        assert wait(60)
    os.close(pipe)


def test_a_keyboard_that_is_gone_is_not_asked_again(pipe):
    os.close(pipe)
    with keys.ended() as wait:
        assert not wait(0.01)
        assert not wait(0.01)


def test_what_is_no_terminal_is_left_alone(monkeypatch):
    with open(os.devnull) as nothing:  # noqa: PTH123 - a file as the standard input
        monkeypatch.setattr(sys, "stdin", nothing)
        with keys.ended() as wait:
            assert not wait(0.01)
