"""Owners do not meet, whoever comes first."""

import fcntl
import os

import pytest

from gui_agents.jail import records
from gui_agents.jail.records import Owner


def test_an_owner_that_lives_is_not_dead(tmp_path):
    living = Owner.new(tmp_path)
    assert list(Owner.dead(tmp_path)) == []
    living.close()
    assert list(tmp_path.iterdir()) == []


def test_a_dead_owner_is_taken_over_once(tmp_path):
    (tmp_path / "dead").mkdir()
    first = list(Owner.dead(tmp_path))
    assert [owner.directory.name for owner in first] == ["dead"]
    assert list(Owner.dead(tmp_path)) == []
    first[0].close()
    assert list(tmp_path.iterdir()) == []


def test_an_owner_swept_before_it_had_its_lock_makes_another_directory(tmp_path, monkeypatch):
    lock = fcntl.flock
    swept = []

    def sweep_first(descriptor, operation):
        monkeypatch.setattr(fcntl, "flock", lock)
        swept.extend(Owner.dead(tmp_path))
        swept[0].close()
        lock(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", sweep_first)
    owner = Owner.new(tmp_path)
    assert owner.directory != swept[0].directory
    assert list(tmp_path.iterdir()) == [owner.directory]
    owner.close()


def test_an_owner_with_something_left_keeps_it_for_the_next_start(tmp_path):
    owner = Owner.new(tmp_path)
    records.write(owner.directory / "note-1.json", {"kind": "cloud"})
    owner.close()
    (dead,) = Owner.dead(tmp_path)
    assert [records.read(place) for place in dead.notes()] == [{"kind": "cloud"}]
    dead.notes()[0].unlink()
    dead.close()
    assert list(tmp_path.iterdir()) == []


def test_a_directory_that_may_not_be_read_is_told_once_and_left(tmp_path, caplog):
    if os.geteuid() == 0:
        pytest.skip("root may read everything")
    (tmp_path / "foreign").mkdir(mode=0o500)
    assert list(Owner.dead(tmp_path)) == []
    assert f"{tmp_path / 'foreign'} cannot be swept" in caplog.text


def test_what_cannot_be_removed_is_told_with_what_to_do(tmp_path, caplog):
    (tmp_path / "file").touch()
    assert not records.remove_all(tmp_path / "file", tmp_path)
    assert f"{tmp_path / 'file'} cannot be removed" in caplog.text
    assert "remove it by hand" in caplog.text
    assert tmp_path.exists()
