"""When two names mean the same thing: what a person writes, and what the screen says."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

APP_NAMES: Final[Mapping[str, str]] = {
    "calculator": "Calculator",
    "calc": "Calculator",
    "calculator app": "Calculator",
    "notes": "Notes",
    "note": "Notes",
    "notepad": "Notes",
    "note app": "Notes",
    "editor": "Notes",
    "text editor": "Notes",
    "contact form": "Contact Form",
    "contactform": "Contact Form",
    "contact": "Contact Form",
    "form": "Contact Form",
    "files": "Files",
    "file manager": "Files",
    "file browser": "Files",
    "file explorer": "Files",
    "explorer": "Files",
    "settings": "Settings",
    "system settings": "Settings",
    "preferences": "Settings",
    "control panel": "Settings",
}
"""The app that a person means, by what they may call it."""

HOMES: Final[Mapping[str, str]] = {
    "name": "Contact Form",
    "email": "Contact Form",
    "message": "Contact Form",
    "size": "Contact Form",
    "status": "Contact Form",
    "submit": "Contact Form",
    "reset": "Contact Form",
    "acceptterms": "Contact Form",
    "subscribetonewsletter": "Contact Form",
    "small": "Contact Form",
    "medium": "Contact Form",
    "large": "Contact Form",
    "notetext": "Notes",
    "filestatus": "Notes",
    "save": "Notes",
    "saveas": "Notes",
    "clear": "Notes",
    "new": "Notes",
    "display": "Calculator",
    "filecount": "Files",
    "volume": "Settings",
    "darkmode": "Settings",
    "wifi": "Settings",
    "notifications": "Settings",
    "location": "Settings",
    "automaticupdates": "Settings",
}
"""The app in which something is, by its name in short form."""

_ALIASES: Final[Mapping[str, str]] = {
    "note": "notetext",
    "notes": "notetext",
    "text": "notetext",
    "content": "notetext",
    "contents": "notetext",
    "body": "notetext",
    "mail": "email",
    "emailaddress": "email",
    "fullname": "name",
    "result": "display",
    "answer": "display",
    "terms": "acceptterms",
    "accepttheterms": "acceptterms",
    "termsandconditions": "acceptterms",
    "conditions": "acceptterms",
    "newsletter": "subscribetonewsletter",
    "subscribe": "subscribetonewsletter",
    "darktheme": "darkmode",
    "nightmode": "darkmode",
    "dark": "darkmode",
    "wlan": "wifi",
    "wireless": "wifi",
    "notification": "notifications",
    "locationservices": "location",
    "autoupdates": "automaticupdates",
    "updates": "automaticupdates",
    "volumelevel": "volume",
    "sound": "volume",
    "soundvolume": "volume",
    "numberoffiles": "filecount",
    "count": "filecount",
    "statusmessage": "status",
}

_SIGNS: Final[Mapping[str, str]] = {
    "plus": "+",
    "minus": "-",
    "−": "-",
    "times": "×",
    "multiply": "×",
    "*": "×",
    "x": "×",
    "divide": "÷",
    "divided by": "÷",
    "/": "÷",
    "equals": "=",
    "equal": "=",
    "equal sign": "=",
    "point": ".",
    "dot": ".",
}

_ARTICLE: Final = re.compile(r"(?:the|a|an|my|this|that|its) ", re.IGNORECASE)
_NOUN: Final = (
    r"(?:text ?field|text ?box|text ?area|input ?field|field|input|entry|check ?box|box|switch|toggle|slider"
    r"|button|key|icon|option|setting|file|radio|line)"
)
_NOUN_BEHIND: Final = re.compile(rf" {_NOUN}$", re.IGNORECASE)
_NOUN_BEFORE: Final = re.compile(rf"{_NOUN} ", re.IGNORECASE)
_FILE_NAME: Final = re.compile(r"[^\s/\\]+\.[A-Za-z][A-Za-z0-9]{0,4}")


def short(name: str) -> str:
    """Return the name's letters and digits, or a sign's own character."""
    letters = "".join(character for character in name.lower() if character.isalnum())
    return letters or name.strip()


def variants(label: str) -> Iterator[str]:
    """Yield what a label may be in short form, the most literal first."""
    label = label.strip()
    sign = _SIGNS.get(label.lower())
    if sign is not None:
        yield sign
    yield short(label)
    bare = without_article(label)
    for candidate in (bare, _NOUN_BEHIND.sub("", bare), _NOUN_BEFORE.sub("", bare, count=1)):
        form = short(candidate)
        yield form
        if form in _ALIASES:
            yield _ALIASES[form]


def without_article(label: str) -> str:
    """Return the label without a leading `the` and its like."""
    return _ARTICLE.sub("", label.strip(), count=1) if _ARTICLE.match(label.strip()) else label.strip()


def short_sign(label: str) -> str | None:
    """Return the key of a calculator that is meant by `the + button` and its like."""
    bare = _NOUN_BEHIND.sub("", without_article(label)).lower()
    if len(bare) == 1:
        return _SIGNS.get(bare, bare)
    return _SIGNS.get(bare)


def app_named(label: str) -> str | None:
    """Return the app that is meant."""
    name = " ".join(without_article(label).lower().split())
    for ending in (" app", " application", " window", " program"):
        name = name.removesuffix(ending)
    return APP_NAMES.get(name)


def home_of(label: str) -> str | None:
    """Return the app that has a thing of this name."""
    return next((HOMES[form] for form in variants(label) if form in HOMES), None)


def is_file_name(label: str) -> bool:
    """Tell whether it looks like a file's name."""
    return _FILE_NAME.fullmatch(label.strip()) is not None
