"""The log never stops whoever logs, whatever its reader does."""

import contextlib
import json
import logging
import os
import re
import threading
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gui_agents.config import LogFormat
from gui_agents.domain.redaction import Redactor
from gui_agents.domain.secret import MASKED_KEY, Secret
from gui_agents.log import (
    MAX_CHARACTERS,
    MAX_WAITING_CHARACTERS,
    METADATA_LOGGER,
    JsonLines,
    LogWriter,
    quieten_libraries,
)


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


def test_the_lines_that_wait_are_bounded_in_characters_too(logger, piped):
    pipe = piped()
    lines = MAX_WAITING_CHARACTERS // MAX_CHARACTERS * 3
    for _ in range(lines):
        logger.info("x" * MAX_CHARACTERS)
    written = threading.Thread(target=writer_of(logger).flush)
    written.start()
    texts = iter(pipe.readline, "")
    kept = 0
    for text in texts:
        if "lines were lost" in text:
            lost = int(re.search(r"(\d+) lines were lost", text)[1])
            break
        kept += 1
    written.join()
    # The first lines are on their way already when the next ones begin to wait.
    assert kept <= 2 * MAX_WAITING_CHARACTERS // MAX_CHARACTERS + 1
    assert kept + lost == lines


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
            lost += int(re.search(r"(\d+) lines were lost", line)[1])
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
    assert pipe.readline().endswith(" INFO tests.log: a line that cannot be formatted: '%s'\n")


def test_a_message_stays_on_its_line(logger, piped):
    pipe = piped()
    logger.info("one\nINFO forged\r\nthree")
    assert pipe.readline().endswith("INFO tests.log: one\\nINFO forged\\r\\nthree\n")


# As JSON.


@pytest.fixture
def events(piped):
    """Return what reads the events that the logger has written as JSON."""

    def reading(**options):
        pipe = piped(log_format=LogFormat.JSON, **options)
        return lambda: json.loads(pipe.readline())

    return reading


def test_an_event_is_an_object_with_its_task(logger, events):
    event = events()
    logger.warning("task %s is slow", "t1", extra={"task_id": "t1"})
    told = event()
    assert datetime.fromisoformat(told.pop("time")).utcoffset() == timedelta(0)
    assert told == {"level": "WARNING", "logger": "tests.log", "message": "task t1 is slow", "task_id": "t1"}
    logger.info("no task")
    assert set(event()) == {"time", "level", "logger", "message"}


def test_an_exception_is_a_field(logger, events):
    event = events()
    logger.error("failed", exc_info=ZeroDivisionError("never\nso"))
    told = event()
    assert told["message"] == "failed"
    assert told["exception"] == "ZeroDivisionError: never\nso"


def test_an_event_that_is_too_long_is_cut_and_still_json(logger, piped):
    pipe = piped(log_format=LogFormat.JSON)
    logger.error('"%s"', "\n" * 10**5, extra={"task_id": "t1"}, exc_info=ZeroDivisionError("\x00" * 10**5))
    line = pipe.readline()
    assert len(line) <= MAX_CHARACTERS + 1
    told = json.loads(line)
    assert (told["cut"], told["task_id"], told["level"]) == (True, "t1", "ERROR")
    assert told["message"].startswith('"\n\n')
    assert told["exception"].startswith("ZeroDivisionError: \x00")


def test_what_the_log_itself_says_is_json_too(logger, events):
    event = events(max_lines=1)
    writer = writer_of(logger)
    writer.emit(logging.LogRecord("tests.log", logging.INFO, "", 0, "%d", ("no number",), None))
    assert event()["message"] == "a line that cannot be formatted: '%d'"
    for _ in range(5000):
        logger.info("x" * 1000)
    messages = [event()["message"]]
    while "lines were lost" not in messages[-1]:
        messages.append(event()["message"])
    assert set(messages[:-1]) <= {"x" * 1000}


@given(st.text(), st.text())
def test_any_text_is_one_line_of_json(message, task_id):
    record = logging.LogRecord("tests.log", logging.INFO, "", 0, "%s", (message,), None)
    record.task_id = task_id
    line = JsonLines().format(record)
    assert "\n" not in line
    assert json.loads(line)["message"] == message


def test_half_a_character_is_json_too(logger, events):
    event = events()
    writer_of(logger).emit(logging.LogRecord("tests.log", logging.INFO, "", 0, "half: \ud83d", (), None))
    assert event()["message"] == "half: \ud83d"


def test_a_closed_pipe_ends_nothing(logger, piped):
    pipe = piped()
    logger.info("one")
    assert pipe.readline().endswith("one\n")
    pipe.close()
    for _ in range(10):
        logger.info("lost")
        writer_of(logger).flush()


@pytest.mark.parametrize("log_format", LogFormat)
def test_no_line_shows_a_key_that_is_known_or_looks_like_one(logger, piped, log_format):
    pipe = piped(log_format=log_format, redactor=Redactor([Secret("planted-key-of-ours")]))
    logger.info("the key is %s, the token gat_0123456789abcdef", "planted-key-of-ours")
    line = pipe.readline()
    assert f"the key is {MASKED_KEY}, the token {MASKED_KEY}" in line
    try:
        int("planted-key-of-ours")
    except ValueError:
        logger.exception("failed")
    logger.info("the end")
    written = ""
    while "the end" not in written:
        written += pipe.readline()
    assert f"invalid literal for int() with base 10: '{MASKED_KEY}'" in written


def test_headers_that_are_no_utf8_are_not_logged(caplog):
    """They may be tokens, and everybody can send as many as the log has room for."""
    library = logging.getLogger(METADATA_LOGGER)
    before = library.filters[:]
    try:
        quieten_libraries()
        library.error("Invalid encoding on %s", b"Bearer \xff")
        library.error("something else")
    finally:
        library.filters[:] = before
    assert caplog.messages == ["something else"]
