"""All files of an installation are written, or none."""

from pathlib import Path

import pytest

from collectors.operations import installation
from collectors.operations.installation import ExistingFilesError, UnwritableError

TEXTS = {"one.yml": "1", "two.yml": "2", "grafana/three.json": "3"}


def write(directory, *, overwrite=False, check=lambda _: None):
    return installation.write(directory, TEXTS, overwrite=overwrite, check=check)


def held(directory):
    return {str(path.relative_to(directory)): path.read_text() for path in directory.rglob("*") if path.is_file()}


def test_files_are_written_into_a_new_directory(tmp_path):
    directory = tmp_path / "deep" / "new"
    assert write(directory) == tuple(directory / name for name in TEXTS)
    assert held(tmp_path) == {f"deep/new/{name}": text for name, text in TEXTS.items()}
    modes = {path.stat().st_mode for path in (tmp_path / "deep", directory, directory / "grafana")}
    assert len(modes) == 1


def test_a_relative_directory_is_one_below_the_working_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(Path("new"))
    write(Path(), overwrite=True)
    assert held(tmp_path) == {**TEXTS, **{f"new/{name}": text for name, text in TEXTS.items()}}


def test_the_check_sees_the_files_before_they_are_in_place(tmp_path):
    class WrongError(Exception):
        pass

    def check(fresh):
        assert held(fresh) == TEXTS
        assert not (tmp_path / "new" / "one.yml").exists()
        raise WrongError

    with pytest.raises(WrongError):
        write(tmp_path / "new", check=check)
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_written_over_by_chance(tmp_path):
    (tmp_path / "two.yml").write_text("mine")
    (tmp_path / "other").write_text("mine")
    with pytest.raises(ExistingFilesError, match=r"two\.yml exist already"):
        write(tmp_path)
    assert held(tmp_path) == {"two.yml": "mine", "other": "mine"}
    write(tmp_path, overwrite=True)
    assert held(tmp_path) == {**TEXTS, "other": "mine"}


def test_a_directory_in_a_files_place_is_named(tmp_path):
    (tmp_path / "two.yml").mkdir()
    with pytest.raises(UnwritableError, match=r"two\.yml: is a directory, where a file has to be$") as raised:
        write(tmp_path, overwrite=True)
    assert raised.value.path == tmp_path / "two.yml"
    assert held(tmp_path) == {}


@pytest.mark.parametrize("name", ["new", "new/grafana"])
def test_a_file_in_a_directorys_place_is_named(tmp_path, name):
    obstacle = tmp_path / name
    obstacle.parent.mkdir(exist_ok=True)
    obstacle.write_text("mine")
    with pytest.raises(UnwritableError) as raised:
        write(tmp_path / "new", overwrite=True)
    assert (raised.value.path, raised.value.problem) == (obstacle, "is no directory")
    assert held(tmp_path) == {name: "mine"}


def test_a_directory_that_takes_no_files_is_named(tmp_path, monkeypatch):
    def full(*_words, **_more):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(installation.tempfile, "TemporaryDirectory", full)
    with pytest.raises(UnwritableError) as raised:
        write(tmp_path / "deep" / "new")
    assert (raised.value.path, raised.value.problem) == (tmp_path, "Permission denied")


@pytest.mark.parametrize("failing", list(TEXTS))
def test_what_was_there_is_there_again_when_a_file_cannot_be_moved(tmp_path, monkeypatch, failing):
    mine = {"one.yml": "mine", "other": "mine"}
    for name, text in mine.items():
        (tmp_path / name).write_text(text)
    replace = Path.replace

    def broken(path, target):
        if Path(target) == tmp_path / failing and "new" in path.parts:
            raise OSError(28, "No space left on device")
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", broken)
    with pytest.raises(UnwritableError) as raised:
        write(tmp_path, overwrite=True)
    assert (raised.value.path, raised.value.problem) == (tmp_path / failing, "No space left on device")
    assert held(tmp_path) == mine
    assert {path.name for path in tmp_path.iterdir()} == set(mine)
