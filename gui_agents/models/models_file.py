"""MODELS_FILE: YAML with one entry for each PROVIDER/NAME, or for a pattern of it.

    openai/my-model:
      pictures: false
      max_tokens: 2048
    "*/qwen3-vl*":
      coordinates: thousand
      price: {input: "0.2", output: "0.8", currency: CNY}

An entry names what differs. A name goes before a pattern, and a longer pattern before a shorter one.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from functools import cached_property, partial
from math import isfinite
from pathlib import Path
from typing import Any, Final

import attrs

from gui_agents.domain.errors import ConfigError
from gui_agents.domain.model_settings import CoordinateSpace, PictureFormat, WireProtocol
from gui_agents.domain.price import Price
from gui_agents.domain.providers import TEXT_ONLY, UNCALLABLE, is_text_only, provider_row
from gui_agents.domain.yaml_file import read_yaml
from gui_agents.models.globs import Glob
from gui_agents.models.prices.price_file import price_of

VARIABLE: Final = "MODELS_FILE"
MAX_ENTRIES: Final = 1000
MAX_NAME: Final = 300
"""Characters of PROVIDER/NAME."""
PRICE: Final = "price"

_HEADER: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_OF_TOKENS: Final = re.compile(r"(?i:max[a-z_]{0,40}tokens|max_length|num_predict|n_predict)")
"""What fields are called that hold the largest number of tokens of an answer."""
_OURS: Final = frozenset(
    {
        *("model", "messages", "input", "tools", "functions", "stream", "system", "instructions"),
        *("previous_response_id", "conversation", "prompt", "background"),
    }
)
"""Fields of a request's body that say what is asked, of whom, and how the answer comes."""
_BOUNDS: Final = frozenset({"max_tokens", "max_completion_tokens", "max_output_tokens", "n", "best_of"})
"""Fields that bound what an answer costs: budgets count on them."""
_OTHER_MODELS: Final = frozenset({"models", "fallbacks", "mcp_servers"})
"""Fields that let other models answer as well, or let one question be many."""
_DEARER: Final = frozenset(
    {
        *("service_tier", "speed", "inference_geo", "provider"),
        *("plugins", "web_search_options", "enable_search", "search_parameters"),
    }
)
"""Fields that change what the model costs, so that its public price does not hold."""
_NOT_ADDED: Final[Mapping[frozenset[str], str]] = {
    _OURS: ", which the service writes itself or cannot do without",
    _BOUNDS: "; the fields max_tokens and token_field bound an answer",
    _OTHER_MODELS: ": what is billed then is not this model, or not one answer",
}
"""Fields that no entry may add, and why."""
_CONNECTION: Final = frozenset(
    {
        "host",
        "content-length",
        "content-type",
        "transfer-encoding",
        "connection",
        "accept-encoding",
        "expect",
        "upgrade",
    }
)
"""Headers that say how a request is sent."""
_MAX_LENGTH: Final = 4000
"""Characters of a header's value."""


@attrs.frozen(kw_only=True, slots=False)
class Entry:
    """One entry."""

    name: str
    """PROVIDER/NAME or a pattern of it, in small letters."""
    changes: Mapping[str, Any] = attrs.field(repr=False)
    """Fields of `ModelSettings`. Headers may hold keys, so the repr leaves them out."""
    price: Price | None

    @cached_property
    def glob(self) -> Glob:
        """The name as a pattern."""
        return Glob(self.name)

    @property
    def precedence(self) -> tuple[bool, int]:
        """A larger one goes before a smaller one."""
        return self.glob.is_name, len(self.name)


def read_models(path: Path) -> tuple[Entry, ...]:
    """Return the entries of the file.

    Raises:
        ConfigError: with one line for each mistake, which names the file, the entry and the field.
    """
    content = read_yaml(path, partial(_value, path=str(path)), variable=VARIABLE, extra="models")
    if content is None:
        return ()
    if not isinstance(content, dict):
        raise ConfigError([f"{VARIABLE} {path}: must map PROVIDER/NAME to settings"])
    if len(content) > MAX_ENTRIES:
        raise ConfigError([f"{VARIABLE} {path}: has {len(content)} entries, and may have {MAX_ENTRIES}"])
    entries: dict[str, Entry] = {}
    mistakes: list[str] = []
    for name, fields in content.items():
        where = f"{VARIABLE} {path}: {str(name)!r:.100}"
        try:
            plain = _full_name(name)
        except ValueError as error:
            mistakes.append(f"{where}: {error}")
            continue
        if plain in entries:
            mistakes.append(f"{where}: is another spelling of an entry before it; keep one")
            continue
        wrong = list(_mistakes(fields))
        mistakes.extend(f"{where}: {mistake}" for mistake in wrong)
        if not wrong:
            entries[plain] = _entry(plain, fields or {})
    if mistakes:
        raise ConfigError(mistakes)
    return tuple(entries.values())


def _full_name(name: object) -> str:
    """Return PROVIDER/NAME with the provider as metrics spell it, in small letters."""
    provider, slash, model = str(name).lower().partition("/")
    if not isinstance(name, str) or not (provider and slash and model):
        raise ValueError('must be PROVIDER/NAME, or a pattern such as "*/qwen3-vl*"')
    if len(name) > MAX_NAME:
        raise ValueError(f"must have at most {MAX_NAME} characters")
    if not Glob(provider).is_name:
        return f"{provider}/{model}"
    row = provider_row(provider)
    if row is None:
        raise ValueError(
            UNCALLABLE.get(provider, f"no provider is called {provider!r:.60}; `gui-agents models` lists them")
        )
    if is_text_only(provider):
        raise ValueError(f"the ending {TEXT_ONLY} is none of an entry; write {row.provider}/… with `pictures: false`")
    if provider != row.provider:
        # Qwen/Qwen3-VL may be of DashScope, or be a model of this name elsewhere.
        raise ValueError(
            f"write {row.provider}/… for the provider, or PROVIDER/{str(name)!s:.60} for a model of this name elsewhere"
        )
    return f"{provider}/{model}"


def _entry(name: str, fields: Mapping[str, Any]) -> Entry:
    changes = {field: FIELDS[field](value) for field, value in fields.items() if field != PRICE}
    return Entry(name=name, changes=changes, price=price_of(fields[PRICE])[0] if PRICE in fields else None)


def _mistakes(fields: object) -> Iterator[str]:
    if fields is None:
        return
    if not isinstance(fields, dict):
        yield f"must map fields to values; the fields are {', '.join((*FIELDS, PRICE))}"
        return
    for field, value in fields.items():
        if field == PRICE:
            yield from (f"{PRICE}: {mistake}" for mistake in price_of(value)[1])
        elif field not in FIELDS:
            yield f"field {str(field)!r:.60} is unknown; the fields are {', '.join((*FIELDS, PRICE))}"
        else:
            try:
                FIELDS[field](value)
            except ValueError as error:
                # The value is not quoted: a header may hold a key.
                yield f"field {field} {error}"
    body = fields.get("extra_body")
    if PRICE not in fields and isinstance(body, dict) and _is_json(body):
        dearer = _held({name: value for name, value in body.items() if value is not None}, _DEARER)
        if dearer:
            yield f"field extra_body holds {', '.join(dearer)}, which change the price; add {PRICE}, as it is billed"


def _choice(kind: type[StrEnum]) -> Callable[[Any], Any]:
    def read(value: Any) -> Any:
        if not isinstance(value, str) or value.lower() not in set(kind):
            raise ValueError(f"must be one of: {', '.join(kind)}")
        return kind(value.lower())

    return read


def _switch(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("must be true or false")  # noqa: TRY004 - reported as any other mistake
    return value


def _whole(minimum: int, maximum: int, *, optional: bool = False) -> Callable[[Any], Any]:
    def read(value: Any) -> Any:
        if optional and value is None:
            return None
        if not isinstance(value, int) or isinstance(value, bool) or not minimum <= value <= maximum:
            raise ValueError(f"must be a whole number from {minimum} to {maximum}" + (", or null" if optional else ""))
        return value

    return read


def _formats(value: Any) -> tuple[PictureFormat, ...]:
    given = value if isinstance(value, list) else [value]
    if not given:
        raise ValueError("must list at least one format; `pictures: false` sends none")
    return tuple(dict.fromkeys(map(_choice(PictureFormat), given)))


def _token_field(value: Any) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or not _OF_TOKENS.fullmatch(value):
        raise ValueError("must be the name of a field for a number of tokens, such as max_completion_tokens, or null")
    return value


def _extra_body(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict) or not _is_json(value):
        raise ValueError("must map names of fields to JSON values (texts, numbers, true, false, null, lists, maps)")
    for names, why in _NOT_ADDED.items():
        held = _held(value, names)
        if held:
            raise ValueError(f"must not hold {', '.join(held)}{why}")
    return value


def _held(body: Mapping[str, Any], names: frozenset[str]) -> list[str]:
    """Return the fields of a body that have one of the names; some servers read them in any case."""
    return sorted(name for name in body if name.lower() in names)


def _is_json(value: Any) -> bool:
    if isinstance(value, dict):
        return all(isinstance(name, str) and _is_json(item) for name, item in value.items())
    if isinstance(value, list):
        return all(map(_is_json, value))
    if isinstance(value, float):
        return isfinite(value)
    return value is None or isinstance(value, str | int)


def _headers(value: Any) -> Mapping[str, str]:
    if not isinstance(value, dict):
        raise ValueError("must map names to texts")  # noqa: TRY004 - reported as any other mistake
    for name, text in value.items():
        if not isinstance(name, str) or not _HEADER.fullmatch(name):
            raise ValueError("must have names that HTTP allows, such as X-Team")
        if name.lower() in _CONNECTION:
            raise ValueError(f"must not hold {name}, which the service writes itself")
        if not isinstance(text, str) or not text.isascii() or not text.isprintable() or len(text) > _MAX_LENGTH:
            raise ValueError(f"has in {name} no text of at most {_MAX_LENGTH} visible ASCII characters; quote numbers")
    return value


FIELDS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "protocol": _choice(WireProtocol),
    "tools": _switch,
    "native_tool": _switch,
    "pictures": _switch,
    "picture_formats": _formats,
    "longest_side": _whole(200, 16_384, optional=True),
    "coordinates": _choice(CoordinateSpace),
    "max_tokens": _whole(16, 1_000_000),
    "token_field": _token_field,
    "extra_body": _extra_body,
    "headers": _headers,
    "history_turns": _whole(0, 1000),
    "history_pictures": _whole(0, 100),
    "history_characters": _whole(0, 10_000_000),
}
"""The fields of an entry beside the price, and what reads each one: it raises ValueError with what it must be."""


def _value(node: Any, loader: Any, path: str) -> Any:
    """Return the value of a node; None if there is none.

    Raises:
        ConfigError: a key is there twice, of which readers would take one or the other.
    """
    if node is None:
        return None
    if node.id == "sequence":
        return [_value(item, loader, path) for item in node.value]
    if node.id != "mapping":
        return loader.construct_object(node)
    content: dict[Any, Any] = {}
    for key, item in node.value:
        if key.id != "scalar":
            raise ConfigError([f"{VARIABLE} {path}: a key in line {key.start_mark.line + 1} is no text"])
        name = loader.construct_object(key)
        if name in content:
            twice = f"{str(name)!r:.60} is there twice, the second time in line {key.start_mark.line + 1}; keep one"
            raise ConfigError([f"{VARIABLE} {path}: {twice}"])
        content[name] = _value(item, loader, path)
    return content
