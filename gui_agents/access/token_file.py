"""The file of tokens on the disk: read with bounds, and changed as a whole under a lock.

A reader sees the file before a change or after it. Comments and lines of other tokens stay as they are.
"""

import contextlib
import fcntl
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import attrs

from gui_agents.access.tokens import TokenLine, name_in, parsed
from gui_agents.domain.errors import ConfigError

VARIABLE: Final = "ACCESS_TOKENS_FILE"
CREATE: Final = "gui-agents token create NAME --role submit"
MAX_BYTES: Final = 2**20
PRIVATE: Final = 0o600
READ_TRIES: Final = 3
"""How often a file is read that changes while it is read."""

Stamp = tuple[int, int, int, int]
"""What changes when a file does: its inode, its size, when it was written and when its inode changed."""
NO_FILE: Final[Stamp] = (0, 0, 0, 0)


@attrs.frozen
class TokenFile:
    """What a file said when it was read."""

    lines: tuple[TokenLine, ...]
    stamp: Stamp
    readable_by_others: bool

    def doubts(self, path: Path) -> Iterator[str]:
        """Yield what is allowed, but probably not meant, of a file at `path`."""
        if not self.lines:
            yield f"{VARIABLE} {path} has no token, so no call is let in; run: {CREATE}"
        if self.readable_by_others:
            yield f"{VARIABLE} {path} can be read by other users; run: chmod 600 {path}"


def stamp_of(path: Path) -> Stamp:
    """Return the stamp of a file without reading it."""
    try:
        return _stamp(path.stat())
    except OSError:
        return NO_FILE


def read(path: Path) -> TokenFile:
    """Read the file.

    Raises:
        ConfigError: it cannot be read, or has mistakes; with one line for each.
    """
    for _ in range(READ_TRIES):
        text, told = _read(path)
        if stamp_of(path) == _stamp(told):
            break
    others = bool(told.st_mode & (stat.S_IRWXG | stat.S_IRWXO))
    return TokenFile(tuple(parsed(text, f"{VARIABLE} {path}")), _stamp(told), others)


def added(path: Path, line: TokenLine) -> None:
    """Add the line of a new token; the file is made if there is none.

    Raises:
        ConfigError: the name is there already, or the file has mistakes.
        OSError: it cannot be written.
    """

    def add(text: str) -> str:
        if any(name_in(each) == line.name for each in text.split("\n")):
            raise ConfigError([f"{path}: {line.name} has a token already; revoke it first, or choose another name"])
        return f"{text}{'' if not text or text.endswith(chr(10)) else chr(10)}{line}\n"

    _change(path, add, create=True)


def removed(path: Path, name: str) -> bool:
    """Remove the line of a token, and tell whether there was one.

    Raises:
        ConfigError: the file cannot be read, or is no file of tokens without the line.
        OSError: it cannot be written.
    """
    found = False

    def remove(text: str) -> str:
        nonlocal found
        lines = text.split("\n")
        kept = [each for each in lines if name_in(each) != name]
        found = len(kept) < len(lines)
        return "\n".join(kept)

    _change(path, remove, create=False)
    return found


def _change(path: Path, edit: Callable[[str], str], *, create: bool) -> None:
    path = path.resolve()
    with _locked(path):
        try:
            text, told = _read(path)
            mode, owner = stat.S_IMODE(told.st_mode), (told.st_uid, told.st_gid)
        except ConfigError:
            if not create or path.exists():
                raise
            text, mode, owner = "", PRIVATE, None
        changed = edit(text)
        if changed == text:
            return
        parsed(changed, str(path))
        _replace(path, changed, mode, owner)


def _replace(path: Path, text: str, mode: int, owner: tuple[int, int] | None) -> None:
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.unlink(missing_ok=True)
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            os.fchmod(descriptor, mode)
            if owner is not None and owner != (os.geteuid(), os.getegid()):
                # Root adds a token to the file of the service's user, who must read it afterwards.
                with contextlib.suppress(PermissionError):
                    os.fchown(descriptor, *owner)
            file.write(text)
            file.flush()
            os.fsync(descriptor)
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Let one process at a time change the file. The lock is a file of its own, because the file is replaced."""
    descriptor = os.open(path.with_name(f".{path.name}.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _read(path: Path) -> tuple[str, os.stat_result]:
    try:
        with path.open("rb") as file:
            told = os.fstat(file.fileno())
            data = file.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise ConfigError([f"{VARIABLE} {path}: is larger than {MAX_BYTES >> 10} KiB"])
        return data.decode(), told
    except UnicodeDecodeError:
        raise ConfigError([f"{VARIABLE} {path}: is no text in UTF-8"]) from None
    except OSError as error:
        raise ConfigError([f"{VARIABLE} {path}: {error.strerror}"]) from error


def _stamp(told: os.stat_result) -> Stamp:
    return told.st_ino, told.st_size, told.st_mtime_ns, told.st_ctime_ns
