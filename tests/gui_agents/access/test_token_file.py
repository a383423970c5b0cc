"""The file of tokens on a real disk: private, changed as a whole, and by one process at a time."""

import os
import stat
import threading

import pytest

from gui_agents.access import token_file
from gui_agents.access.token_file import added, read, removed, stamp_of
from gui_agents.access.tokens import TokenLine, quotas_of, roles_of
from gui_agents.domain.errors import ConfigError


def line(name: str, *quotas: str) -> TokenLine:
    return TokenLine(name, name.encode().ljust(32, b"\0"), roles_of("submit"), quotas_of(quotas))


def test_a_new_file_is_private(tmp_path):
    path = tmp_path / "tokens"
    before = os.umask(0)
    try:
        added(path, line("a"))
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    told = read(path)
    assert (told.lines, told.readable_by_others) == ((line("a"),), False)
    assert told.stamp == stamp_of(path)


def test_comments_order_and_mode_stay_as_they_are(tmp_path):
    path = tmp_path / "tokens"
    path.write_text(f"# ours\n{line('a')}\n\n{line('b', 'running=1')}  \n# the end")
    path.chmod(0o640)
    added(path, line("c"))
    assert path.read_text() == f"# ours\n{line('a')}\n\n{line('b', 'running=1')}  \n# the end\n{line('c')}\n"
    assert removed(path, "a")
    assert path.read_text() == f"# ours\n\n{line('b', 'running=1')}  \n# the end\n{line('c')}\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert read(path).readable_by_others


def test_a_name_that_is_there_is_not_added_again(tmp_path):
    path = tmp_path / "tokens"
    added(path, line("a"))
    with pytest.raises(ConfigError, match="a has a token already; revoke it first"):
        added(path, line("a"))
    assert read(path).lines == (line("a"),)


def test_a_name_that_is_not_there_is_not_removed_and_the_file_is_not_written(tmp_path):
    path = tmp_path / "tokens"
    added(path, line("a"))
    before = stamp_of(path)
    assert not removed(path, "b")
    assert stamp_of(path) == before
    with pytest.raises(ConfigError, match="No such file"):
        removed(tmp_path / "nowhere", "b")


def test_a_file_with_a_mistake_is_not_changed_unless_that_is_what_goes(tmp_path):
    path = tmp_path / "tokens"
    path.write_text(f"{line('a')}\nb wrong read\n")
    with pytest.raises(ConfigError, match="line 2, hash: must be"):
        added(path, line("c"))
    assert removed(path, "b")
    assert read(path).lines == (line("a"),)


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "real").touch()
    path = tmp_path / "tokens"
    path.symlink_to("real")
    added(path, line("a"))
    assert path.is_symlink()
    assert read(tmp_path / "real").lines == (line("a"),)


def test_changes_at_the_same_time_are_all_there(tmp_path):
    path = tmp_path / "tokens"
    names = [f"t{number}" for number in range(20)]
    threads = [threading.Thread(target=added, args=(path, line(name))) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {each.name for each in read(path).lines} == set(names)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == [".tokens.lock", "tokens"]


def test_a_change_that_cannot_be_written_leaves_the_file_as_it_was(tmp_path, monkeypatch):
    path = tmp_path / "tokens"
    added(path, line("a"))
    monkeypatch.setattr(token_file.os, "fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(OSError, match="No space left"):
        added(path, line("b"))
    assert read(path).lines == (line("a"),)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == [".tokens.lock", "tokens"]


@pytest.mark.parametrize(
    ("content", "mistake"),
    [(b"\xff\xfe", "is no text in UTF-8"), (b"#" * (token_file.MAX_BYTES + 1), "is larger than 1024 KiB")],
)
def test_what_is_no_file_of_tokens_is_one_clear_line(tmp_path, content, mistake):
    path = tmp_path / "tokens"
    path.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        read(path)
    assert caught.value.mistakes == (f"ACCESS_TOKENS_FILE {path}: {mistake}",)


def test_a_directory_is_no_file(tmp_path):
    with pytest.raises(ConfigError, match="Is a directory"):
        read(tmp_path)
