"""Which pictures of a task are kept."""

import pytest

from gui_agents.domain.model_settings import PictureFormat
from gui_agents.domain.recording import Recorded
from gui_agents.domain.screen import Picture
from gui_agents.pictures.recording import LAST_STEPS, MAX_HELD_BYTES, NO_RECORDING, Recording


class Album(list):
    def put(self, task_id, name, picture):
        self.append((task_id, name, picture))

    @property
    def names(self):
        return [name for _, name, _ in self]


def picture(data=b"x"):
    return Picture(data, 1, 1, PictureFormat.PNG)


@pytest.fixture
def album():
    return Album()


def test_all_keeps_a_picture_of_each_step_at_once(album):
    recording = Recording("t", album, Recorded.ALL)
    assert recording.every_step
    assert [recording.saw(step, picture()) for step in (1, 2)] == ["1.png", "2.png"]
    assert album == [("t", "1.png", picture()), ("t", "2.png", picture())]
    assert not recording.ended(failed=True)
    assert album.names == ["1.png", "2.png"]


def test_failed_holds_the_last_few_and_keeps_them_when_the_task_fails(album):
    recording = Recording("t", album, Recorded.FAILED)
    assert not recording.every_step
    shown = picture()
    for step in range(1, 10):
        assert recording.saw(step, shown) == f"{step}.png"
    assert album == []
    assert not recording.ended(failed=True)
    assert album.names == [f"{step}.png" for step in range(10 - LAST_STEPS, 10)]
    assert all(kept is shown for _, _, kept in album)


def test_failed_keeps_nothing_of_a_task_that_does_not_fail(album):
    recording = Recording("t", album, Recorded.FAILED)
    recording.saw(1, picture())
    assert not recording.ended(failed=False)
    assert album == []


def test_large_pictures_are_fewer(album):
    recording = Recording("t", album, Recorded.FAILED)
    for step in (1, 2, 3):
        recording.saw(step, picture(bytes(MAX_HELD_BYTES // 2)))
    recording.saw(4, picture(bytes(MAX_HELD_BYTES + 1)))
    recording.ended(failed=True)
    assert album.names == ["4.png"]


@pytest.mark.parametrize("recorded", [Recorded.FAILED, Recorded.ALL])
def test_a_task_without_pictures_that_fails_wants_one_of_its_end(recorded, album):
    recording = Recording("t", album, recorded)
    assert recording.ended(failed=True)
    recording.last(3, picture())
    assert album.names == ["4.png"]


def test_none_keeps_nothing():
    assert (NO_RECORDING.every_step, NO_RECORDING.saw(1, picture())) == (False, None)
    assert not NO_RECORDING.ended(failed=True)
    NO_RECORDING.last(1, picture())
