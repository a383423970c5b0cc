"""The log never stops whoever logs, whatever its reader does."""

import contextlib
import logging
import os
import threading

import pytest

from gui_agents.log import MAX_CHARACTERS, LogWriter


@pytest.fixture
def logger():
    one = logging.getLogger("tests.log")
    one.propagate = False
    one.setLevel(logging.INFO)
    yield one
    one.handlers.clear()
    one.propagate = True


def writer_of(logger):
    return next(handler for handler in logger.handlers if isinstance(handler, LogWriter))


@pytest.fixture
def piped(logger):
    """Return what makes a pipe that the logger writes to, and returns its reading end."""
    with contextlib.ExitStack() as files:

        def make(**options):
            reading, writing = os.pipe()
            files.callback(os.close, writing)
            logger.addHandler(LogWriter(writing, **options))
            return files.enter_context(os.fdopen(reading))

        yield make
        writer_of(logger).flush()


def test_lines_come_out_in_order(logger, piped):
    pipe = piped()
    for number in range(100):
        logger.info("line %d", number)
    assert [pipe.readline().rpartition(": ")[2] for _ in range(100)] == [f"line {number}\n" for number in range(100)]


def test_a_reader_that_does_not_read_stops_nobody_and_lost_lines_are_counted(logger, piped):
    pipe = piped(max_lines=50)
    # More than any pipe holds.
    for number in range(5000):
        logger.info("%s %d", "x" * 100, number)
    writer_of(logger).flush()
    lines = iter(pipe.readline, "")
    got, lost = 0, 0
    logger_thread = threading.Thread(target=lambda: logger.info("the last one"))
    while True:
        line = next(lines)
        if "lines were lost" in line:
            lost += int(line.split()[2])
        else:
            got += 1
        if got + lost == 5000:
            break
    assert lost > 0
    logger_thread.start()
    assert next(lines).endswith("the last one\n")
    logger_thread.join()


def test_a_line_has_a_bounded_length(logger, piped):
    pipe = piped()
    logger.info("%s", "x" * 10**6)
    line = pipe.readline()
    assert len(line) < MAX_CHARACTERS + 100
    assert "characters)" in line


def test_what_cannot_be_formatted_is_a_line_and_no_error(logger, piped):
    class Broken:
        def __str__(self):
            raise RuntimeError("no text")

    pipe = piped()
    writer_of(logger).emit(logging.LogRecord("tests.log", logging.INFO, "", 0, "%s", (Broken(),), None))
    assert pipe.readline() == "INFO tests.log: a line that cannot be formatted: '%s'\n"


def test_a_closed_pipe_ends_nothing(logger, piped):
    pipe = piped()
    logger.info("one")
    assert pipe.readline().endswith("one\n")
    pipe.close()
    for _ in range(10):
        logger.info("lost")
        writer_of(logger).flush()
