"""When two names mean the same thing: what a person writes, and what the screen says.

All names are those that the apps declare; here is only how they are compared.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Final

from gui_agents.decider.labels import short, without_article
from gui_agents.simulated.apps import APPS

_NOUN: Final = (
    r"(?:text ?field|text ?box|text ?area|input ?field|field|input|entry|check ?box|box|switch|toggle|slider"
    r"|button|key|icon|option|setting|file|radio|line)"
)
_NOUN_BEHIND: Final = re.compile(rf" {_NOUN}$", re.IGNORECASE)
_NOUN_BEFORE: Final = re.compile(rf"{_NOUN} ", re.IGNORECASE)
_WINDOW_BEHIND: Final = re.compile(r" (?:app|application|window|program)$")
_LONGEST: Final = 500
"""Characters of a label; no name on the screen has as many."""
_UNNAMED: Final = frozenset({"", "label", "list"})
"""Roles that nobody means by their names."""

CONTROLS: Final = tuple(
    (app.name, control)
    for app in APPS.values()
    for offered in app.controls
    for control in offered.flat()
    if control.role not in _UNNAMED
)
"""Everything that an app offers by a name, with the app's own name."""

APP_NAMES: Final[Mapping[str, str]] = {
    called.lower(): app.name for app in APPS.values() for called in (app.name, *app.called)
}
"""The app that a person means, by what they may call it in small letters."""
_HOMES: Final[Mapping[str, tuple[str, str]]] = {
    short(control.name): (app, control.role) for app, control in reversed(CONTROLS)
}
_ALIASES: Final[Mapping[str, str]] = {
    short(called): short(control.name) for _, control in CONTROLS for called in control.called
}


def names_of(roles: Collection[str], *apps: str) -> list[str]:
    """Return what the controls of these roles in these apps are called, in small letters."""
    found = [control for app, control in CONTROLS if app in apps and control.role in roles]
    return [name.lower() for control in found for name in (control.name, *control.called)]


def variants(label: str) -> Iterator[str]:
    """Yield what a label may be in short form, the most literal first; nothing for what is too long for a name."""
    if len(label) > _LONGEST:
        return
    yield short(label)
    bare = without_article(label)
    for candidate in (bare, _NOUN_BEHIND.sub("", bare), _NOUN_BEFORE.sub("", bare, count=1)):
        form = short(candidate)
        yield form
        if form in _ALIASES:
            yield _ALIASES[form]


def app_named(label: str) -> str | None:
    """Return the app that is meant."""
    name = " ".join(without_article(label).lower().split())
    return APP_NAMES.get(name) or APP_NAMES.get(_WINDOW_BEHIND.sub("", name))


def home_of(label: str, *, buttons: bool = False) -> str | None:
    """Return the app that has a thing of this name, or also a button."""
    homes = (_HOMES[form] for form in variants(label) if form in _HOMES)
    return next((app for app, role in homes if buttons or role != "button"), None)
