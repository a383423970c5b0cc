"""The tokens of clients, and the lines of the file that lists them.

A line is: name, hash, roles, then quotas if there are any.

    ci     sha256:9f2c…  submit          running=2 queued=20 requests=600 cost=5USD,30CNY
    anna   sha256:51be…  submit,read
    # an empty line, or one that begins with #, says nothing

The file holds hashes only. A token has 256 random bits, so nobody finds one by trying, however fast the hash is: a slow
hash such as bcrypt protects short passwords, and would cost each call a tenth of a second here. SHA-256 costs a
microsecond.
"""

import hashlib
import re
import secrets
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

import attrs

from gui_agents.config import parsers
from gui_agents.domain.access import Quota, Quotas, Role
from gui_agents.domain.errors import ConfigError
from gui_agents.domain.secret import Secret

PREFIX: Final = "gat_"
"""By which people, and programs that look for lost secrets, recognize a token."""
RANDOM_BYTES: Final = 32
SCHEME: Final = "sha256:"
MAX_TOKENS: Final = 5000
MAX_NUMBER: Final = 10**12

_TOKEN: Final = re.compile(r"gat_[A-Za-z0-9_-]{43}")
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
_HASH: Final = re.compile(r"sha256:[0-9a-f]{64}")
NAME_WORDS: Final = "1 to 64 letters, digits and . _ @ -, and begins with a letter or digit"


@attrs.frozen
class TokenLine:
    """What the file says of one token."""

    name: str
    digest: bytes
    roles: frozenset[Role]
    quotas: Quotas

    def __str__(self) -> str:
        roles = ",".join(role for role in Role if role in self.roles)
        return " ".join([self.name, SCHEME + self.digest.hex(), roles, *_written(self.quotas)])


def new_token() -> Secret:
    """Return a token that nobody has."""
    return Secret(PREFIX + secrets.token_urlsafe(RANDOM_BYTES))


def is_token(text: str) -> bool:
    """Tell whether a text has the form of a token."""
    return _TOKEN.fullmatch(text) is not None


def digest(token: str) -> bytes:
    """Return the hash of a token."""
    return hashlib.sha256(token.encode()).digest()


def checked_name(text: str) -> str:
    """Return a name.

    Raises:
        ValueError: it is none.
    """
    if _NAME.fullmatch(text) is None:
        raise ValueError(f"has {NAME_WORDS}, not {text!r:.80}")
    return text


def roles_of(text: str) -> frozenset[Role]:
    """Read roles, separated by commas.

    Raises:
        ValueError: a role is unknown, or there is none.
    """
    names = parsers.names(text)
    for name in names:
        if name not in set(Role):
            raise ValueError(f"must be of {', '.join(Role)}, separated by commas; not {name!r:.40}")
    if not names:
        raise ValueError(f"must be of {', '.join(Role)}, separated by commas")
    return frozenset(map(Role, names))


QUOTA_PARSERS: Final[Mapping[Quota, parsers.Parser]] = {
    Quota.RUNNING: parsers.integer(1, MAX_NUMBER),
    Quota.QUEUED: parsers.integer(0, MAX_NUMBER),
    Quota.REQUESTS: parsers.integer(1, MAX_NUMBER),
    Quota.COST: parsers.amounts,
    Quota.CONNECTIONS: parsers.integer(1, MAX_NUMBER),
    Quota.STREAMS: parsers.integer(0, MAX_NUMBER),
    Quota.SUBSCRIBERS: parsers.integer(0, MAX_NUMBER),
    Quota.BYTES: parsers.integer(1, MAX_NUMBER),
}
"""What each quota is read with, here and as a setting."""


def quotas_of(fields: Iterable[str]) -> Quotas:
    """Read quotas, each one NAME=VALUE.

    Raises:
        ValueError: one is unknown, wrong or there twice.
    """
    found: dict[str, Any] = {}
    for field in fields:
        name, _, text = field.partition("=")
        if name not in set(Quota):
            raise ValueError(f"{name:.40}: is no quota; they are {', '.join(Quota)}, each with =VALUE")
        if name in found:
            raise ValueError(f"{name}: is there twice")
        try:
            found[name] = QUOTA_PARSERS[Quota(name)](text)
        except ValueError as error:
            raise ValueError(f"{name}: {error}, not {text!r:.40}") from None
    return Quotas(**found)


def parsed(text: str, where: str) -> list[TokenLine]:
    """Read a file of tokens.

    Raises:
        ConfigError: with one line for each mistake; `where` names the file.
    """
    lines: list[TokenLine] = []
    mistakes: list[str] = []
    names: dict[str, int] = {}
    digests: dict[bytes, int] = {}
    for number, fields in _fields(text):
        try:
            line = _line(fields)
            _check_new(line, names, digests)
        except ValueError as error:
            mistakes.append(f"{where} line {number}, {error}")
            continue
        names[line.name] = digests[line.digest] = number
        lines.append(line)
    if len(lines) > MAX_TOKENS:
        mistakes.append(f"{where}: has {len(lines)} tokens, and may have {MAX_TOKENS}")
    if mistakes:
        raise ConfigError(mistakes)
    return lines


def _fields(text: str) -> Iterator[tuple[int, list[str]]]:
    for number, line in enumerate(text.split("\n"), 1):
        fields = line.split()
        if fields and not fields[0].startswith("#"):
            yield number, fields


def name_in(line: str) -> str | None:
    """Return the name that a line of the file is for; None for a line without one."""
    fields = line.split(maxsplit=1)
    return fields[0] if fields and not fields[0].startswith("#") else None


def _line(fields: list[str]) -> TokenLine:
    missing = ("name", "hash", "roles")[len(fields) :]
    if missing:
        raise ValueError(f"{missing[0]}: is missing; a line is NAME sha256:HASH ROLES, then quotas")
    name, hashed, roles, *quotas = fields
    if _NAME.fullmatch(name) is None:
        raise ValueError(f"name: {NAME_WORDS}")
    if _HASH.fullmatch(hashed) is None:
        # Not quoted: somebody may have written the token itself.
        raise ValueError("hash: must be sha256: and 64 hexadecimal digits; `gui-agents token create` makes the line")
    try:
        found = roles_of(roles)
    except ValueError as error:
        raise ValueError(f"roles: {error}") from None
    return TokenLine(name, bytes.fromhex(hashed.removeprefix(SCHEME)), found, quotas_of(quotas))


def _check_new(line: TokenLine, names: Mapping[str, int], digests: Mapping[bytes, int]) -> None:
    if line.name in names:
        raise ValueError(f"name: {line.name} has line {names[line.name]} already")
    if line.digest in digests:
        raise ValueError(f"hash: it is that of line {digests[line.digest]}, too")


def _written(quotas: Quotas) -> Iterator[str]:
    for quota in Quota:
        value = getattr(quotas, quota)
        if isinstance(value, Mapping):
            if value:
                yield f"{quota}={','.join(f'{_plain(amount)}{currency}' for currency, amount in value.items())}"
        elif value is not None:
            yield f"{quota}={value}"


def _plain(amount: Decimal) -> str:
    return f"{amount:f}"
