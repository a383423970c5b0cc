"""Recorded pictures lie in files of the service's user alone, within bounds, and nothing else can be opened."""

import logging
import os
import stat
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gui_agents.domain.model_settings import PictureFormat
from gui_agents.domain.screen import Picture
from gui_agents.pictures import files as module
from gui_agents.pictures.files import PictureFiles, is_picture_name, is_task_id, picture_name

SECONDS = 10


def picture(data=b"jpeg", form=PictureFormat.JPEG):
    return Picture(data, 2, 1, form)


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "pictures"


@pytest.fixture
def make(folder):
    """Return a function that makes files, which are closed in the end."""
    made = []

    def opened(max_bytes=2**20, **more):
        made.append(PictureFiles(folder, max_bytes, **more))
        return made[-1]

    yield opened
    for each in made:
        each.close()


def written(files):
    """Wait until all that was handed over is done."""
    files.close()
    assert "recorded pictures" not in {thread.name for thread in threading.enumerate()}


def found(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_a_picture_is_written_read_and_listed(make, folder):
    files = make()
    files.put("task-1", "3.jpg", picture())
    files.put("task-1", "4.png", picture(b"png", PictureFormat.PNG))
    written(files)
    assert sorted(files.names("task-1")) == ["3.jpg", "4.png"]
    assert (files.read("task-1", "3.jpg"), files.read("task-1", "4.png")) == (b"jpeg", b"png")
    assert (files.read("task-1", "5.jpg"), files.read("task-2", "3.jpg"), files.names("task-2")) == (None, None, ())
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (folder, folder / "task-1")}
    assert modes == {0o700}
    assert stat.S_IMODE((folder / "task-1" / "3.jpg").stat().st_mode) == 0o600


def test_raw_pixels_are_encoded_as_jpeg_in_the_thread(make):
    raw = Picture(b"\xff\0\0" * 6, 3, 2, None)
    name = picture_name(1, raw)
    assert name == "1.jpg"
    files = make()
    files.put("t", name, raw)
    written(files)
    assert files.read("t", name).startswith(b"\xff\xd8")


@pytest.mark.parametrize(
    "name", ["", "1", "x.jpg", "-1.jpg", "1.gif", "../1.jpg", "1.jpg.part", "1.jpg/", "٣.jpg", "²"]
)
def test_other_names_are_none(name, make, folder):
    assert not is_picture_name(name)
    files = make()
    files.put("t", name, picture())
    written(files)
    assert not folder.exists()


@given(st.text(max_size=20) | st.sampled_from(["..", ".", "a/b", "a\\b", "\0", "a" * 65, "é", "~"]))
def test_what_is_taken_for_an_id_names_a_directory_below_and_nothing_else(text):
    if is_task_id(text):
        assert os.path.basename(text) == text  # noqa: PTH119 - of a text that may be no path
        assert text not in ("", ".", "..")


@pytest.mark.parametrize("task_id", ["..", ".", "", "a/../b", "/etc", "a" * 65, "a\0"])
def test_other_ids_open_nothing(task_id, make, folder):
    (folder.parent / "1.jpg").write_bytes(b"not below")
    files = make()
    files.put(task_id, "1.jpg", picture())
    files.forget([task_id])
    written(files)
    assert (files.read(task_id, "1.jpg"), files.names(task_id)) == (None, ())
    assert (folder.parent / "1.jpg").read_bytes() == b"not below"


def test_links_and_what_is_no_file_are_not_opened(make, folder, tmp_path):
    (tmp_path / "secret").write_bytes(b"secret")
    (folder / "t").mkdir(parents=True)
    (folder / "t" / "1.jpg").symlink_to(tmp_path / "secret")
    (folder / "t" / "2.jpg").mkdir()
    os.mkfifo(folder / "t" / "3.jpg")
    files = make()
    assert [files.read("t", f"{number}.jpg") for number in (1, 2, 3)] == [None] * 3


def test_the_oldest_pictures_go_first_also_those_of_an_earlier_service(make, folder):
    first = make(max_bytes=2**20)
    for number in range(3):
        first.put("old", f"{number}.jpg", picture(bytes(10)))
    written(first)
    for number in range(3):
        os.utime(folder / "old" / f"{number}.jpg", (number, number))
    second = make(max_bytes=40)
    second.put("new", "1.jpg", picture(bytes(20)))
    written(second)
    assert found(folder) == ["new/1.jpg", "old/1.jpg", "old/2.jpg"]
    third = make(max_bytes=2**20, max_files=1)
    third.put("newest", "1.jpg", picture(bytes(20)))
    written(third)
    assert found(folder) == ["newest/1.jpg"]
    assert [path.name for path in folder.iterdir()] == ["newest"]


def test_a_picture_of_the_same_name_takes_the_place_of_the_one_before(make, folder):
    files = make(max_bytes=25)
    for size in (20, 10, 15):
        files.put("t", "1.jpg", picture(bytes(size)))
    files.put("t", "2.jpg", picture(bytes(10)))
    written(files)
    assert (found(folder), len(files.read("t", "1.jpg"))) == (["t/1.jpg", "t/2.jpg"], 15)


def test_expired_tasks_take_their_pictures_along(make, folder):
    files = make(max_bytes=30)
    for task in ("a", "b"):
        files.put(task, "1.jpg", picture(bytes(10)))
    files.forget(["a", "unknown"])
    files.put("c", "1.jpg", picture(bytes(20)))
    written(files)
    assert found(folder) == ["b/1.jpg", "c/1.jpg"]
    assert not (folder / "a").exists()


def test_what_an_earlier_service_has_not_completed_is_removed(make, folder):
    (folder / "t").mkdir(parents=True)
    (folder / "t" / "1.jpg.part").write_bytes(b"half")
    files = make()
    files.put("t", "2.jpg", picture())
    written(files)
    assert found(folder) == ["t/2.jpg"]


def test_a_disk_that_takes_nothing_loses_pictures_and_is_reported_once(make, folder, caplog):
    folder.write_bytes(b"in the way")
    files = make()
    with caplog.at_level(logging.WARNING):
        for number in range(5):
            files.put("t", f"{number}.jpg", picture())
        written(files)
    assert [record.message.partition(": ")[0] for record in caplog.records] == ["pictures of tasks are lost"]
    folder.unlink()
    files.put("t", "9.jpg", picture())
    written(files)
    assert found(folder) == ["t/9.jpg"]
    folder.rename(folder.with_name("away"))
    folder.write_bytes(b"in the way again")
    with caplog.at_level(logging.WARNING):
        files.put("t", "10.jpg", picture())
        written(files)
    assert len(caplog.records) == 2


def test_a_write_that_fails_leaves_no_half_file(make, folder, monkeypatch):
    files = make()
    monkeypatch.setattr(module, "PART", "/no/such")
    files.put("t", "1.jpg", picture())
    written(files)
    assert found(folder) == []


def test_a_picture_that_is_too_large_is_lost(make, folder, caplog):
    files = make(max_bytes=10)
    files.put("t", "1.jpg", picture(bytes(11)))
    files.put("t", "2.jpg", picture(bytes(10)))
    written(files)
    assert found(folder) == ["t/2.jpg"]
    assert "has 11 bytes" in caplog.text


def test_what_waits_is_bounded(make, folder, monkeypatch, caplog):
    monkeypatch.setattr(module, "MAX_WAITING_BYTES", 25)
    files, going_on, begun = make(), threading.Event(), threading.Event()

    def block():
        begun.set()
        going_on.wait(SECONDS)

    files._do(block)
    assert begun.wait(SECONDS)
    for number in range(5):
        files.put("t", f"{number}.jpg", picture(bytes(10)))
    going_on.set()
    written(files)
    assert found(folder) == ["t/0.jpg", "t/1.jpg"]
    assert "faster than they can be written" in caplog.text
    files.put("t", "7.jpg", picture(bytes(20)))
    written(files)
    assert "t/7.jpg" in found(folder)


def test_nothing_is_started_for_nothing(make, folder):
    make().close()
    assert not folder.exists()
