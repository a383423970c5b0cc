"""The audit log on a real disk: bounded, private, and never in the way of who writes to it."""

import errno
import json
import logging
import os
import stat
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from gui_agents.access import audit
from gui_agents.access.audit import MAX_LINES, AuditLog, Repeats

SECONDS = 20.0


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def holds(condition) -> None:
    """Return when something holds that the thread brings about."""
    until = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.001)


class Disk:
    """A write that takes as many bytes as there is room, then none."""

    def __init__(self, monkeypatch, room: int | None) -> None:
        self.room = room
        self.tries = 0
        self._write = os.write
        monkeypatch.setattr(audit.os, "write", self)

    def __call__(self, descriptor: int, data: bytes) -> int:
        self.tries += 1
        if self.room is None:
            return self._write(descriptor, data)
        taken = data[: self.room]
        if not taken:
            raise OSError(errno.ENOSPC, "No space left on device")
        self.room -= len(taken)
        return self._write(descriptor, taken)


def test_a_line_is_json_with_the_time(tmp_path):
    log = AuditLog(tmp_path / "runs" / "audit.jsonl", 2**20)
    log.open()
    log.record({"who": "ann", "what": "CancelTask", "task_id": "ü\n\ud800"})
    log.close()
    (line,) = lines(tmp_path / "runs" / "audit.jsonl")
    assert list(line) == ["time", "who", "what", "task_id"]
    assert line["time"].endswith("+00:00")
    assert line["who"] == "ann"


def test_the_file_is_private_and_is_continued(tmp_path):
    path = tmp_path / "audit.jsonl"
    for number in range(2):
        log = AuditLog(path, 2**20)
        log.open()
        log.record({"number": number})
        log.close()
    assert [line["number"] for line in lines(path)] == [0, 1]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_two_files_take_no_more_than_they_may(tmp_path):
    path, most = tmp_path / "audit.jsonl", 2**16
    log = AuditLog(path, most)
    log.open()
    for number in range(5000):
        log.record({"number": number})
        if number % 100 == 0:
            holds(lambda: not log._lines)
            assert sum(file.stat().st_size for file in tmp_path.iterdir()) <= most
    log.close()
    assert sorted(file.name for file in tmp_path.iterdir()) == ["audit.jsonl", "audit.jsonl.1"]
    numbers = [line["number"] for file in ("audit.jsonl.1", "audit.jsonl") for line in lines(tmp_path / file)]
    assert numbers == list(range(numbers[0], 5000))


def test_a_file_that_somebody_moved_is_made_anew(tmp_path):
    path = tmp_path / "audit.jsonl"
    log = AuditLog(path, 2**20)
    log.open()
    log.record({"number": 1})
    holds(lambda: path.stat().st_size)
    path.rename(tmp_path / "moved")
    log.record({"number": 2})
    holds(path.exists)
    log.close()
    assert [line["number"] for line in lines(tmp_path / "moved") + lines(path)] == [1, 2]


def test_what_is_no_file_is_written_and_never_exchanged(tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    log = AuditLog(path, 4)
    log.open()
    for number in range(3):
        log.record({"number": number})
    log.close()
    text = os.read(reader, 2**16).decode()
    os.close(reader)
    assert [json.loads(line)["number"] for line in text.splitlines()] == [0, 1, 2]
    assert [file.name for file in tmp_path.iterdir()] == ["pipe"]


def test_a_full_disk_loses_nothing_and_is_told_once(tmp_path, monkeypatch, caplog):
    path = tmp_path / "audit.jsonl"
    disk = Disk(monkeypatch, 100)
    log = AuditLog(path, 2**20, retry_seconds=0.001)
    log.open()
    for number in range(50):
        log.record({"number": number})
    holds(lambda: disk.tries > 20)
    assert not path.read_text().endswith("\n")
    disk.room = None
    log.record({"number": 50})
    holds(lambda: path.read_text().count("\n") == 51)
    log.close()
    assert [line["number"] for line in lines(path)] == list(range(51))
    told = [record.getMessage() for record in caplog.records if record.name == audit.__name__]
    assert len(told) == 2
    assert "cannot be written ([Errno 28] No space left on device)" in told[0]
    assert told[1].endswith("is written again")


def test_lines_wait_in_bounded_memory_and_what_is_lost_is_told(tmp_path, monkeypatch):
    path = tmp_path / "audit.jsonl"
    disk = Disk(monkeypatch, 0)
    log = AuditLog(path, 2**24, retry_seconds=0.001)
    log.open()
    log.record({"number": 0})
    holds(lambda: disk.tries)
    for number in range(MAX_LINES + 10):
        log.record({"number": number})
    assert len(log._lines) == MAX_LINES
    disk.room = None
    holds(lambda: "lost" in path.read_text())
    log.close()
    assert lines(path)[-1]["lost"] == 10


def test_who_writes_never_waits_for_the_disk(tmp_path, monkeypatch):
    """The disk stands still for as long as this test lasts."""
    stands, begun = threading.Event(), threading.Event()

    def write(_descriptor: int, data: bytes) -> int:
        begun.set()
        stands.wait(SECONDS)
        return len(data)

    monkeypatch.setattr(audit.os, "write", write)
    monkeypatch.setattr(audit, "CLOSE_SECONDS", 0.01)
    log = AuditLog(tmp_path / "audit.jsonl", 2**20)
    log.open()
    log.record({"number": 0})
    assert begun.wait(SECONDS)
    log.record({"number": 1})
    log.close()
    stands.set()


def test_the_end_does_not_wait_for_a_full_disk(tmp_path, monkeypatch, caplog):
    caplog.set_level(logging.ERROR)
    disk = Disk(monkeypatch, 0)
    monkeypatch.setattr(audit, "CLOSE_SECONDS", 0.01)
    log = AuditLog(tmp_path / "audit.jsonl", 2**20, retry_seconds=SECONDS)
    log.open()
    log.record({"number": 0})
    holds(lambda: disk.tries)
    log.close()
    assert log._thread is not None
    log._thread.join(SECONDS)
    assert not log._thread.is_alive()


def test_a_file_that_cannot_be_opened_is_an_error_at_once(tmp_path):
    with pytest.raises(OSError, match="Is a directory"):
        AuditLog(tmp_path, 2**20).open()


def test_refusals_of_a_kind_are_one_line_a_second():
    repeats = Repeats()
    assert [repeats.due(("a",), now) for now in (0.0, 0.1, 0.9, 1.0, 1.5, 3.0)] == [0, None, None, 2, None, 1]
    assert repeats.due(("b",), 0.5) == 0


def test_kinds_are_remembered_in_bounded_memory():
    repeats = Repeats()
    for number in range(3 * audit.MAX_KINDS):
        repeats.due((str(number),), 0.0)
    assert len(repeats._kinds) == audit.MAX_KINDS
