"""A cgroup bounds a jail, or there is none."""

from pathlib import Path

import pytest

from gui_agents.jail.cgroups import Cgroup
from gui_agents.jail.limits import Limits

LIMITS = Limits(memory_bytes=2**26, disk_bytes=2**20, processes=64)


def test_a_jail_without_a_cgroup_is_not_bounded_by_one():
    cgroup = Cgroup.below((), "id")
    assert not cgroup.make(LIMITS)
    assert cgroup.out_of_memory() == 0
    assert cgroup.end_processes(1)
    cgroup.remove()


def test_where_a_cgroup_has_no_limits_nothing_is_left_of_it(tmp_path):
    cgroup = Cgroup.below((tmp_path,), "id")
    assert not cgroup.make(LIMITS)
    assert list(tmp_path.iterdir()) == []
    cgroup = Cgroup.below((tmp_path, tmp_path / "missing"), "id")
    assert not cgroup.make(LIMITS)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("files", "count"),
    [
        ({"memory.events": "low 0\nmax 7\noom 3\noom_kill 2\n"}, 2),
        ({"memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 1\n"}, 1),
        ({"memory.oom_control": "under_oom 0\n"}, 0),
        ({}, 0),
    ],
)
def test_both_versions_count_what_the_kernel_ended(tmp_path, files, count):
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    assert Cgroup((tmp_path,)).out_of_memory() == count


class Populated(Cgroup):
    """Has the files that the kernel makes in a new cgroup."""

    def make(self, limits):
        original = type(self.directories[0]).mkdir

        def mkdir(place, *args, **kwargs):
            original(place, *args, **kwargs)
            for name in ("memory.max", "memory.swap.max", "pids.max", "cgroup.procs"):
                (place / name).touch()

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(type(self.directories[0]), "mkdir", mkdir)
            return super().make(limits)


@pytest.mark.parametrize(("name", "share"), [("cpu.shares", "256"), ("cpu.weight", "25")])
def test_a_jail_has_a_quarter_of_the_share_of_the_service(tmp_path, monkeypatch, name, share):
    mkdir = Path.mkdir

    def with_files(place):
        mkdir(place)
        for each in ("memory.max", "pids.max", name):
            (place / each).touch()

    monkeypatch.setattr(Path, "mkdir", with_files)
    cgroup = Cgroup.below((tmp_path,), "id")
    assert cgroup.make(LIMITS)
    assert (cgroup.directories[0] / name).read_text() == share


def test_version_2_bounds_memory_without_swap_and_processes(tmp_path):
    cgroup = Populated.below((tmp_path,), "id")
    assert cgroup.make(LIMITS)
    place = tmp_path / "gui-agents-id"
    cgroup.add(41)
    assert {file.name: file.read_text() for file in place.iterdir()} == {
        "memory.max": str(2**26),
        "memory.swap.max": "0",
        "pids.max": "64",
        "cgroup.procs": "41",
    }
