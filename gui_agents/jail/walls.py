"""The walls of a jail, as the arguments of `bwrap`.

What is not bound in does not exist inside. Every place that can be written is a tmpfs with a size; all else is
read-only. `/usr/local`, `/usr/src` and `/opt` are left out: the service itself may be installed there.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import attrs

from gui_agents.jail.limits import Limits

HOME: Final = "/home/user"
"""The home inside of a jail, as large as `Limits.disk_bytes`."""
SHARED: Final = "/run/shared"
"""The shared directory inside of a jail."""
PARENTS: Final = (
    *("/usr", "/usr/local", "/usr/local/share", "/etc", "/etc/ssl", "/var", "/var/cache"),
    *("/home", "/run"),
)
"""Directories that lead to others. Made explicitly, because bwrap would let only their owner, root, pass."""
ROOTS: Final = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
"""Directories of /usr, which also are at the root, mostly as links."""
DATA: Final = ("/usr/libexec", "/usr/share", "/usr/games", "/usr/local/share/fonts", "/var/cache/fontconfig")
SETTINGS: Final = (
    *("alternatives", "at-spi2", "chromium", "chromium.d", "dbus-1", "dconf", "fonts", "glvnd", "gtk-2.0", "gtk-3.0"),
    *("gtk-4.0", "ld.so.cache", "libreoffice", "locale.alias", "localtime", "mime.types", "nsswitch.conf", "pango"),
    *("ssl/certs", "terminfo", "timezone", "vulkan", "X11", "xdg"),
)
"""What programs need of /etc."""


@attrs.frozen(kw_only=True)
class Inside:
    """What a jail's programs see, besides the system."""

    limits: Limits
    seccomp: int | None = None
    """A descriptor of the filter of system calls."""
    files: Mapping[str, int]
    """Files that can only be read: place -> a descriptor of the content."""
    directories: Sequence[str] = ()
    """Directories of the shared one, which everybody can write."""
    places: Mapping[str, str]
    """Directories outside of the shared one that are also seen as its subdirectories: place -> name."""


def arguments(inside: Inside, *, info: int) -> list[str]:
    """Return the arguments of `bwrap`. The descriptor `info` gets the number of the first process inside, as JSON."""
    limits = inside.limits
    return [
        *("--unshare-net", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"),
        *("--die-with-parent", "--new-session", "--hostname", "sandbox"),
        *(word for place in PARENTS for word in ("--dir", place)),
        *_roots(),
        *(word for place in DATA for word in _bound(place)),
        *(word for name in SETTINGS for word in _bound(f"/etc/{name}")),
        *("--proc", "/proc", "--dev", "/dev"),
        *_tmpfs("/dev/shm", limits.memory_bytes),  # noqa: S108 - inside
        *_tmpfs("/tmp", limits.disk_bytes),  # noqa: S108 - inside
        *_tmpfs(HOME, limits.disk_bytes),
        *_tmpfs(SHARED, limits.disk_bytes),
        *(word for name in inside.directories for word in ("--perms", "0777", "--dir", f"{SHARED}/{name}")),
        *(word for place, file in inside.files.items() for word in ("--perms", "0444", "--file", str(file), place)),
        *_places(inside.places),
        *(() if inside.seccomp is None else ("--seccomp", str(inside.seccomp))),
        *("--remount-ro", "/dev", "--remount-ro", "/", "--chdir", HOME, "--info-fd", str(info)),
    ]


def shows(program: str) -> bool:
    """Tell whether a jail shows a program of this machine. Where its name leads to must be bound in, too."""
    places = [*(f"/{name}" for name in ROOTS), *(f"/usr/{name}" for name in ROOTS), *DATA]
    return all(
        any(Path(path).is_relative_to(place) for place in places)
        for path in (os.path.normpath(program), os.path.realpath(program))
    )


def _roots() -> Iterator[str]:
    for name in ROOTS:
        yield from _bound(f"/usr/{name}")
        root = Path("/", name)
        if root.is_symlink():
            yield from ("--symlink", str(root.readlink()), str(root))
        else:
            yield from _bound(str(root))


def _bound(place: str) -> tuple[str, ...]:
    return ("--ro-bind-try", place, place)


def _tmpfs(place: str, size: int) -> tuple[str, ...]:
    return ("--perms", "1777", "--size", str(size), "--tmpfs", place)


def _places(places: Mapping[str, str]) -> Iterator[str]:
    for place, name in places.items():
        yield from ("--perms", "1777", "--dir", place)
        # Relative, because the service may follow it, too: by an absolute one it would leave the jail.
        yield from ("--symlink", os.path.relpath(place, SHARED), f"{SHARED}/{name}")


def etc_files(uid: int, jail_id: str) -> dict[str, str]:
    """Return files of a jail's own: one user, no names but its own, a machine id that tells nothing."""
    return {
        "/etc/passwd": f"user:x:{uid}:{uid}:user:{HOME}:/bin/sh\n",
        "/etc/group": f"user:x:{uid}:\n",
        "/etc/hosts": "127.0.0.1 localhost sandbox\n::1 localhost\n",
        "/etc/machine-id": f"{jail_id}\n",
    }
