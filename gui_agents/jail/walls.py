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
SYSTEM: Final = ("/usr/libexec", "/usr/share", "/usr/games", "/usr/local/share/fonts", "/var/cache/fontconfig")
"""Directories of programs and their data, besides those that may also lie at the root."""
PARENTS: Final = (
    *("/usr", "/usr/local", "/usr/local/share", "/etc", "/etc/default", "/etc/ssl", "/var", "/var/cache"),
    *("/home", "/run"),
)
"""Directories that lead to others. Made explicitly, because bwrap would let only their owner, root, pass."""
SETTINGS: Final = (
    *("alternatives", "at-spi2", "chromium", "chromium.d", "dbus-1", "dconf", "default/locale", "fonts", "glvnd"),
    *("gtk-2.0", "gtk-3.0", "gtk-4.0", "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "locale.alias", "localtime"),
    *("mailcap", "mime.types", "nsswitch.conf", "pango", "pulse", "ssl/certs", "terminfo", "timezone", "vulkan"),
    *("X11", "xdg", "python3", "python3.11", "python3.13"),
)
"""What programs need of /etc."""


@attrs.frozen(kw_only=True)
class Inside:
    """What a jail's program sees of the machine."""

    limits: Limits
    etc: Path
    """A directory with the jail's own files of /etc."""
    shared: Path
    """A directory whose files are there, read-only, when the program starts."""
    places: Mapping[str, str]
    """Directories outside of the shared one that it shows as its own subdirectories: place -> name."""


def bwrap(program: str, inside: Inside, *, info: int) -> list[str]:
    """Return the command to which the arguments of the jail's program are appended.

    The descriptor `info` gets the number of the process that is the first one inside, as JSON.
    """
    size = str(inside.limits.disk_bytes)
    return [
        program,
        *("--unshare-net", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"),
        *("--die-with-parent", "--new-session", "--hostname", "sandbox"),
        *(word for place in PARENTS for word in ("--dir", place)),
        *_system(),
        *(word for name in SETTINGS for word in ("--ro-bind-try", f"/etc/{name}", f"/etc/{name}")),
        *(word for place in sorted(inside.etc.glob("*")) for word in ("--ro-bind", str(place), f"/etc/{place.name}")),
        *("--proc", "/proc", "--dev", "/dev"),
        *("--perms", "1777", "--size", str(inside.limits.memory_bytes), "--tmpfs", "/dev/shm"),  # noqa: S108 - inside
        *("--perms", "1777", "--size", size, "--tmpfs", "/tmp"),  # noqa: S108 - inside
        *("--perms", "0777", "--size", size, "--tmpfs", HOME),
        *("--perms", "0777", "--size", size, "--tmpfs", SHARED),
        *_seeds(inside.shared),
        *_places(inside.places),
        *("--remount-ro", "/dev", "--remount-ro", "/", "--chdir", HOME),
        *("--info-fd", str(info), "--"),
    ]


def _system() -> Iterator[str]:
    for name in ("bin", "sbin", "lib", "lib32", "lib64", "libx32"):
        yield from ("--ro-bind-try", f"/usr/{name}", f"/usr/{name}")
        root = Path("/", name)
        if root.is_symlink():  # Debian and most others: a part of /usr
            yield from ("--symlink", str(root.readlink()), str(root))
        elif root.is_dir():
            yield from ("--ro-bind", str(root), str(root))
    for place in SYSTEM:
        yield from ("--ro-bind-try", place, place)


def _seeds(shared: Path) -> Iterator[str]:
    """Show what lies in the directory: its directories as new ones, its files read-only."""
    for directory, names, files in os.walk(shared):
        inside = Path(SHARED, Path(directory).relative_to(shared))
        for name in names:
            yield from ("--perms", "0777", "--dir", str(inside / name))
        for name in files:
            yield from ("--ro-bind", str(Path(directory, name)), str(inside / name))


def _places(places: Mapping[str, str]) -> Iterator[str]:
    for place, name in places.items():
        yield from ("--perms", "1777", "--dir", place)
        # Relative, because the service follows it, too: it would leave the jail by an absolute one.
        yield from ("--symlink", os.path.relpath(place, SHARED), f"{SHARED}/{name}")


def unprivileged(uid: int | None, processes: int | None) -> list[str]:
    """Return the command that gives up root and bounds the number of processes, before the jail's program.

    `uid` is None if there is nothing to give up, `processes` if a cgroup bounds them.
    """
    command = []
    if uid is not None:
        command += ["setpriv", "--reuid", str(uid), "--regid", str(uid), "--clear-groups", "--inh-caps=-all"]
        command += ["--bounding-set=-all", "--no-new-privs", "--"]
    if processes is not None:
        command += ["prlimit", f"--nproc={processes}", "--"]
    return command


def etc_files(uid: int, jail_id: str) -> dict[str, str]:
    """Return the jail's own files of /etc: one user, no names but its own, a machine id that tells nothing."""
    return {
        "passwd": f"user:x:{uid}:{uid}:user:{HOME}:/bin/sh\n",
        "group": f"user:x:{uid}:\n",
        "hosts": "127.0.0.1 localhost sandbox\n::1 localhost\n",
        "machine-id": f"{jail_id}\n",
    }


def start_words(argv: Sequence[str]) -> list[str]:
    """Return a program that writes one line, so that the jail is known to be complete, and becomes `argv`."""
    return ["/bin/sh", "-c", 'echo && exec "$@" 2>/dev/null', "sh", *argv]
