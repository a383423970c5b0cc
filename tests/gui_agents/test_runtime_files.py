import asyncio
import errno
import logging
import os

import pytest

from gui_agents import runtime_files
from gui_agents.runtime_files import count_files, sample_runtime_files


class Books:
    """Remembers counts."""

    def __init__(self):
        self.counts = asyncio.Queue()

    def runtime_files_counted(self, files):
        self.counts.put_nowait(files)


def test_files_are_counted_in_all_directories_below(tmp_path):
    (tmp_path / "a" / "b").mkdir(parents=True)
    for name in ("one", "a/two", "a/b/three"):
        (tmp_path / name).touch()
    assert count_files(tmp_path) == 3
    assert count_files(tmp_path / "nowhere") == 0


def test_recorded_pictures_are_not_counted_and_other_directories_of_their_name_are(tmp_path):
    for name in ("pictures/task", "sandbox/pictures"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "1.jpg").touch()
    assert count_files(tmp_path) == 1


async def sampled(books, directory, times):
    """Return the first counts of a sampler that is stopped after them."""
    sampler = asyncio.create_task(sample_runtime_files(books, directory))
    async with asyncio.timeout(30):
        counts = [await books.counts.get() for _ in range(times)]
    sampler.cancel()
    await asyncio.wait([sampler])
    assert sampler.cancelled()
    return counts


async def test_the_sampler_counts_at_once(tmp_path):
    (tmp_path / "one").touch()
    assert await sampled(Books(), tmp_path, 1) == [1]


async def test_the_sampler_counts_again_after_an_error(tmp_path, monkeypatch, caplog):
    answers = iter([PermissionError("locked"), 3, 4])

    def count(directory):
        answer = next(answers, 5)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(runtime_files, "count_files", count)
    monkeypatch.setattr(runtime_files, "SAMPLE_SECONDS", 0)
    with caplog.at_level(logging.ERROR):
        assert await sampled(Books(), tmp_path, 2) == [3, 4]
    assert [record.getMessage() for record in caplog.records] == [f"the files below {tmp_path} could not be counted"]


def test_files_are_counted_often_enough_for_the_contract():
    assert pytest.approx(15) == runtime_files.SAMPLE_SECONDS


async def test_a_directory_that_cannot_be_read_is_no_count(tmp_path, monkeypatch, caplog):
    (tmp_path / "one").touch()
    (tmp_path / "locked").mkdir()
    scandir = os.scandir
    refusals = iter([OSError(errno.EMFILE, "Too many open files")])

    def refuse(path):
        if str(path).endswith("locked"):
            for refusal in refusals:
                raise refusal
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    monkeypatch.setattr(runtime_files, "SAMPLE_SECONDS", 0)
    with caplog.at_level(logging.ERROR):
        # Not 1 and then 1: the first count failed, and the number before it stays.
        assert await sampled(Books(), tmp_path, 1) == [1]
    assert len(caplog.records) == 1


def test_a_directory_that_goes_while_it_is_counted_holds_nothing(tmp_path, monkeypatch):
    (tmp_path / "one").touch()
    gone = tmp_path / "gone"
    gone.mkdir()
    scandir = os.scandir

    def leave(path):
        if str(path) == str(gone):
            raise FileNotFoundError(errno.ENOENT, "gone")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", leave)
    assert count_files(tmp_path) == 1
