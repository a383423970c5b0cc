"""The arguments of bwrap."""

import pytest

from gui_agents.jail import walls
from gui_agents.jail.limits import Limits

LIMITS = Limits(memory_bytes=2**26, disk_bytes=2**20, processes=64)


def test_only_parts_of_the_system_are_bound_in_and_everything_is_read_only_in_the_end():
    place = "/tmp/place"  # noqa: S108 - inside
    inside = walls.Inside(limits=LIMITS, files={"/etc/passwd": 7}, directories=["given"], places={place: "name"})
    words = walls.arguments(inside, info=8)
    bound = [words[index + 1] for index, word in enumerate(words) if word.startswith(("--ro-bind", "--bind"))]
    allowed = ("/usr/", "/etc/", "/lib", "/bin", "/sbin", "/var/cache/fontconfig")
    assert [place for place in bound if not place.startswith(allowed)] == []
    assert not {"/etc", "/usr", "/usr/local", "/usr/src", "/etc/ssl", "/etc/passwd", "/etc/shadow"} & set(bound)
    text = " ".join(words)
    assert text.endswith("--remount-ro /dev --remount-ro / --chdir /home/user --info-fd 8")
    assert "--perms 0777 --dir /run/shared/given --perms 0444 --file 7 /etc/passwd" in text
    assert f"--perms 1777 --dir {place} --symlink ../..{place} /run/shared/name" in text


@pytest.mark.parametrize("place", ["/usr/bin/env", "/bin/sh", "/usr/lib/../bin/env", "/usr/libexec/none"])
def test_programs_of_the_system_are_shown(place):
    assert walls.shows(place)


@pytest.mark.parametrize(
    "place", ["/opt/google/chrome/chrome", "/snap/bin/chromium", "/usr/local/bin/none", "/usr/binx"]
)
def test_programs_elsewhere_are_not_shown(place):
    assert not walls.shows(place)


def test_a_link_is_shown_if_both_it_and_its_end_are(tmp_path, monkeypatch):
    (tmp_path / "opt").mkdir()
    (tmp_path / "bin").mkdir()
    (tmp_path / "opt" / "chrome").touch()
    (tmp_path / "bin" / "there").touch()
    (tmp_path / "bin" / "chrome").symlink_to(tmp_path / "opt" / "chrome")
    (tmp_path / "opt" / "there").symlink_to(tmp_path / "bin" / "there")
    monkeypatch.setattr(walls, "DATA", (str(tmp_path / "bin"),))
    shown = {name: walls.shows(str(tmp_path / name)) for name in ("bin/there", "bin/chrome", "opt/there")}
    assert shown == {"bin/there": True, "bin/chrome": False, "opt/there": False}
