"""Where cgroups of jails can be made, on machines of both versions; the files are as the kernel shows them."""

import os

import pytest

from gui_agents.jail import own_cgroups


@pytest.fixture
def machine(tmp_path):
    """Return what writes a process's own files: its cgroups, and where their trees are mounted."""

    def write(cgroup: str, *mounts: str):
        (tmp_path / "cgroup").write_text(cgroup)
        lines = [mount.replace("TMP", str(tmp_path)) for mount in mounts]
        (tmp_path / "mountinfo").write_text("".join(f"{line}\n" for line in lines))
        return tmp_path

    return write


def v2(place, processes="", enabled="", *, given=False, root=False):
    """Make a cgroup of version 2."""
    place.mkdir(parents=True)
    (place / "cgroup.procs").write_text(processes)
    (place / "cgroup.subtree_control").write_text(enabled)
    if not root:
        (place / "cgroup.type").write_text("domain\n")
    if given:
        try:
            os.setxattr(place, "user.delegate", b"1")
        except OSError:
            pytest.skip("this file system has no attributes of users")
    return place


V2 = "30 23 0:26 / TMP/fs rw,nosuid - cgroup2 cgroup2 rw"


def test_version_1_has_a_tree_for_each(machine):
    proc = machine(
        "4:memory:/a/b\n3:cpu,cpuacct:/\n2:pids:/\n0::/\n",
        "31 23 0:27 / TMP/fs/memory rw - cgroup cgroup rw,memory",
        "32 23 0:28 / TMP/fs/pids rw - cgroup cgroup rw,pids",
        "33 23 0:29 / TMP/fs/unified rw - cgroup2 cgroup2 rw",
        "34 23 0:30 / TMP/a\\040directory rw - tmpfs tmpfs rw",
    )
    assert own_cgroups.parents(proc) == (proc / "fs/memory/a/b", proc / "fs/pids")


def test_in_version_1_jails_share_processors_if_that_tree_can_be_written(machine):
    proc = machine(
        "4:memory:/\n3:cpu,cpuacct:/\n2:pids:/\n",
        "31 23 0:27 / TMP/fs/memory rw - cgroup cgroup rw,memory",
        "32 23 0:28 / TMP/fs/pids rw - cgroup cgroup rw,pids",
        "33 23 0:29 / TMP/fs/cpu rw - cgroup cgroup rw,cpu,cpuacct",
    )
    assert own_cgroups.parents(proc) == (proc / "fs/memory", proc / "fs/pids")
    (proc / "fs/cpu").mkdir(parents=True)
    assert own_cgroups.parents(proc) == (proc / "fs/memory", proc / "fs/pids", proc / "fs/cpu")


def test_controllers_of_one_tree_make_one_cgroup(machine):
    proc = machine(
        "4:memory,pids,cpu:/\n",
        "31 23 0:27 / TMP/fs/all rw - cgroup cgroup rw,memory,pids,cpu",
    )
    (proc / "fs/all").mkdir(parents=True)
    assert own_cgroups.parents(proc) == (proc / "fs/all",)


def test_in_a_container_a_mount_shows_a_part_of_the_tree(machine):
    proc = machine(
        "4:memory:/docker/x\n2:pids:/elsewhere\n",
        "31 23 0:27 /docker/x TMP/fs/mem\\040ory rw - cgroup cgroup rw,memory",
        "32 23 0:28 /docker/x TMP/fs/pids rw - cgroup cgroup rw,pids",
    )
    assert own_cgroups.own_directories(proc) == {"memory": proc / "fs/mem ory"}
    assert own_cgroups.parents(proc) == ()


def test_a_cgroup_of_version_2_with_limits_below_it_is_used(machine):
    proc = machine("0::/unit\n", V2)
    own = v2(proc / "fs/unit", enabled="cpu memory pids\n")
    assert own_cgroups.parents(proc) == (own,)


def test_a_cgroup_that_was_not_given_is_left_alone(machine):
    proc = machine("0::/system.slice/unit\n", V2)
    v2(proc / "fs", root=True)
    v2(proc / "fs/system.slice")
    own = v2(proc / "fs/system.slice/unit", "1\n")
    before = sorted(proc.rglob("*"))
    assert own_cgroups.parents(proc) == ()
    assert (own / "cgroup.procs").read_text() == "1\n"
    assert sorted(proc.rglob("*")) == before


def test_a_service_moves_into_a_leaf_of_the_cgroup_that_it_was_given(machine):
    proc = machine("0::/system.slice/unit\n", V2)
    v2(proc / "fs", root=True)
    v2(proc / "fs/system.slice")
    own = v2(proc / "fs/system.slice/unit", "41\n42\n", given=True)
    v2(own / "service")
    assert own_cgroups.parents(proc) == (own,)
    assert (own / "cgroup.subtree_control").read_text() == "+memory +pids"
    assert (own / "service" / "cgroup.procs").read_text() == "42"


def test_a_leaf_that_systemd_made_already_is_enough(machine):
    proc = machine("0::/system.slice/unit/service\n", V2)
    v2(proc / "fs", root=True)
    unit = v2(proc / "fs/system.slice/unit", given=True)
    own = v2(unit / "service", "41\n")
    assert own_cgroups.parents(proc) == (unit,)
    assert (unit / "cgroup.subtree_control").read_text() == "+memory +pids"
    assert (own / "cgroup.procs").read_text() == "41\n"


def test_a_container_s_own_root_was_given_to_it(machine):
    proc = machine("0::/\n", V2)
    own = v2(proc / "fs", "1\n")
    v2(own / "service")
    assert own_cgroups.parents(proc) == (own,)


def test_a_machine_without_cgroups_has_none(machine):
    assert own_cgroups.parents(machine("")) == ()


def test_a_cgroup_that_is_not_mounted_is_none(machine):
    assert own_cgroups.parents(machine("0::/unit\n", V2)) == ()
