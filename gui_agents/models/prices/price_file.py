"""The operator's price file: JSON that names each model's prices per million tokens.

    {"my-model": {"input": "3.0", "cached_input": "0.3", "output": "15.0", "currency": "USD"}}

Amounts are best written as strings; numbers are read as the decimals that they are written as. `cached_input` and
`cache_write` are `input` unless given, `cache_write_hour` is `cache_write` unless given, `currency` is USD unless
given. Models are matched by their exact name.
"""

import json
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, Final

from gui_agents.domain.errors import ConfigError
from gui_agents.domain.money import USD
from gui_agents.domain.price import Price

AMOUNTS: Final = ("input", "cached_input", "cache_write", "cache_write_hour", "output")
FIELDS: Final = (*AMOUNTS, "currency")
MAX_AMOUNT: Final = Decimal(1_000_000)
MAX_DECIMALS: Final = 12
AMOUNT: Final = re.compile(r"-?[0-9]{1,20}(\.[0-9]{1,20})?")
CURRENCY: Final = re.compile(r"[A-Z]{3}")
EXAMPLE: Final = 'such as {"input": "3.0", "cached_input": "0.3", "output": "15.0", "currency": "USD"}'


class _Object(list[tuple[str, Any]]):
    """A JSON object as its pairs, so that a name given twice is seen."""


def read_prices(path: Path) -> dict[str, Price]:
    """Return the prices in the file, by model.

    Raises:
        ConfigError: with one line for each mistake, which names the file, the model and the field.
    """
    prices: dict[str, Price] = {}
    mistakes: list[str] = []
    for model, entry in _models(path):
        where = f"{path}: model {model!r:.100}"
        if model in prices:
            mistakes.append(f"{where} is given twice; keep one")
            continue
        wrong = list(_mistakes(entry))
        mistakes.extend(f"{where}: {mistake}" for mistake in wrong)
        if not wrong:
            prices[model] = _price(dict(entry))
    if mistakes:
        raise ConfigError(mistakes)
    return prices


def _models(path: Path) -> _Object:
    try:
        content = json.loads(
            path.read_text(encoding="utf-8"),
            object_pairs_hook=_Object,
            parse_float=_number,
            parse_int=_number,
            parse_constant=_number,
        )
    except OSError as error:
        raise ConfigError([f"{path}: cannot be read ({error.strerror})"]) from error
    except RecursionError as error:
        raise ConfigError([f"{path}: is nested too deeply to be a price list"]) from error
    except ValueError as error:
        raise ConfigError([f"{path}: is not JSON in UTF-8 ({error})"]) from error
    if not isinstance(content, _Object):
        raise ConfigError([f"{path}: must hold one JSON object that maps models to prices"])
    return content


def _number(text: str) -> Decimal:
    """Read a JSON number as it is written; one that no decimal can hold becomes NaN, which is refused later."""
    try:
        return Decimal(text)
    except InvalidOperation:
        return Decimal("NaN")


def _mistakes(entry: object) -> Iterator[str]:
    if not isinstance(entry, _Object):
        yield f"must be an object {EXAMPLE}"
        return
    names = [name for name, _ in entry]
    for name in dict.fromkeys(names):
        if name not in FIELDS:
            yield f"field {name!r:.60} is unknown; the fields are {', '.join(FIELDS)}"
        elif names.count(name) > 1:
            yield f"field {name} is given twice; keep one"
    for name in ("input", "output"):
        if name not in names:
            yield f"field {name} is missing"
    for name, value in entry:
        problem = _problem(name, value)
        if problem:
            yield f"field {name} {problem} (it is {_shown(value)})"


def _problem(name: str, value: object) -> str | None:
    if name == "currency":
        known = isinstance(value, str) and CURRENCY.fullmatch(value)
        return None if known else "must be an ISO code of three capital letters, such as USD"
    return _amount_problem(_amount(value)) if name in AMOUNTS else None


def _amount_problem(amount: Decimal | None) -> str | None:
    if amount is None or not amount.is_finite():
        return 'must be a number, best written as a string such as "2.50"'
    if amount.is_signed():
        return "must not be negative"
    if amount > MAX_AMOUNT:
        return f"must be at most {MAX_AMOUNT} per million tokens"
    exponent = amount.as_tuple().exponent
    too_fine = isinstance(exponent, int) and exponent < -MAX_DECIMALS
    return f"must have at most {MAX_DECIMALS} decimals" if too_fine else None


def _amount(value: object) -> Decimal | None:
    if isinstance(value, Decimal):
        return value
    if isinstance(value, str) and AMOUNT.fullmatch(value):
        return Decimal(value)
    return None


def _shown(value: object) -> str:
    text = str(value) if isinstance(value, Decimal) else "an object" if isinstance(value, _Object) else repr(value)
    return f"{text:.60}"


def price_of(entry: object) -> tuple[Price | None, list[str]]:
    """Return the price that a mapping with the same fields names, or what is wrong with it."""
    if isinstance(entry, Mapping):
        entry = _Object((str(name), _as_written(value)) for name, value in entry.items())
    wrong = list(_mistakes(entry))
    return (_price(dict(entry)) if isinstance(entry, _Object) and not wrong else None), wrong


def _as_written(value: object) -> object:
    return _number(str(value)) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _price(fields: dict[str, Any]) -> Price:
    given = Decimal(fields["input"])
    written = Decimal(fields.get("cache_write", given))
    return Price(
        input=given,
        cached_input=Decimal(fields.get("cached_input", given)),
        output=Decimal(fields["output"]),
        cache_write=written,
        cache_write_hour=Decimal(fields.get("cache_write_hour", written)),
        currency=fields.get("currency", USD),
    )
