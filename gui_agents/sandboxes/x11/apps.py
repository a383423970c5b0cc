"""The programs that a desktop offers, and how a person or a model calls them."""

import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

import attrs

from gui_agents.domain.programs import Program
from gui_agents.domain.sandbox import TransientSandboxError
from gui_agents.jail import walls


@attrs.frozen
class App:
    """A program that can be opened."""

    name: str
    """As it is shown, and as X11_APPS spells it."""
    command: tuple[str, ...]
    also: tuple[str, ...] = ()
    """Other names that people use, in small letters."""


KNOWN: Final = (
    App("mousepad", ("mousepad", "--disable-server"), ("text editor", "editor", "notepad", "notes")),
    App("galculator", ("galculator",), ("calculator", "calc")),
    App("thunar", ("thunar",), ("file manager", "files", "file browser")),
    App("ristretto", ("ristretto",), ("image viewer", "photos", "pictures")),
    App("atril", ("atril",), ("document viewer", "pdf viewer", "pdf reader")),
)
"""Programs of GTK 3: their accessibility trees are complete."""

PROGRAMS: Final = (
    Program("xvfb", ("Xvfb",)),
    Program("openbox", ("openbox",)),
    Program("dbus", ("dbus-daemon",)),
    Program("at-spi2-core", ("/usr/libexec/at-spi2-registryd", "/usr/lib/at-spi2-core/at-spi2-registryd")),
)
"""What a desktop is made of."""

_PREFIXES: Final = ("the ", "my ")
_SUFFIXES: Final = (" app", " application", " program")


class Apps:
    """The programs that X11_APPS allows, or by default those of `KNOWN`, as far as they are installed."""

    def __init__(self, allowed: Sequence[str] | None, installed: Callable[[str], object] = shutil.which) -> None:
        known = {app.name: app for app in KNOWN}
        wanted = KNOWN if allowed is None else [known.get(name, App(name, (name,))) for name in allowed]
        self._apps = tuple(app for app in wanted if installed(app.command[0]))

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all that can be opened."""
        return tuple(app.name for app in self._apps)

    def find(self, said: str) -> App:
        """Return the program that is meant.

        Raises:
            TransientSandboxError: there is none; the text names those that there are.
        """
        words = _plain(said)
        for names in (lambda app: (app.name.lower(),), lambda app: app.also):
            for app in self._apps:
                if words in names(app):
                    return app
        offered = ", ".join(_described(self._apps)) or "none: the operator has to install one, or to set X11_APPS"
        raise TransientSandboxError(f"there is no app {said!r:.60} on this desktop; there are: {offered}")


def _plain(said: str) -> str:
    words = re.sub(r"[\s_-]+", " ", said).strip().lower()
    for prefix in _PREFIXES:
        words = words.removeprefix(prefix)
    for suffix in _SUFFIXES:
        words = words.removesuffix(suffix)
    return words


def _described(apps: Iterable[App]) -> Iterable[str]:
    return (f"{app.name} ({app.also[0]})" if app.also else app.name for app in apps)


def doubts(allowed: Sequence[str] | None) -> Iterator[str]:
    """Yield the programs of X11_APPS that this machine, or a jail, does not have, in a sentence each."""
    apps = Apps(allowed)
    for name in allowed or ():
        if name not in apps.names:
            yield f"X11_APPS names {name}, which is not installed: no task can open it"
        elif not walls.shows(path := shutil.which(apps.find(name).command[0]) or name):
            yield (
                f"X11_APPS names {name}, which is {path}: a jail shows only programs of the system, and none of /opt, "
                "/snap and /usr/local"
            )
