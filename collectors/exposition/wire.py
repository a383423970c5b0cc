"""The wire format of protobuf, as far as the exposition needs it (protobuf.dev/programming-guides/encoding).

A message is a row of fields. A field is a tag, which holds its number and its wire type, and a value: a varint, a
double, or bytes behind their length, which may be a string or a message.
"""

from collections.abc import Iterable
from functools import cache
from struct import Struct
from typing import Final

_VARINT: Final = 0
_DOUBLE: Final = 1
_BYTES: Final = 2
_SEVEN_BITS: Final = 0x7F
_MORE: Final = 0x80
"""The bit of a byte that is followed by another one."""
_LARGEST: Final = 2**64 - 1

double: Final = Struct("<d").pack
"""Returns the 8 bytes of a double."""


def varint(value: int) -> bytes:
    """Return a whole number from 0 to 2 ** 64 - 1 in groups of seven bits, the lowest ones first.

    Raises:
        OverflowError: it is below or above.
    """
    if not 0 <= value <= _LARGEST:
        raise OverflowError(f"{value} does not fit into 64 bits")
    groups = bytearray()
    while value > _SEVEN_BITS:
        groups.append(value & _SEVEN_BITS | _MORE)
        value >>= 7
    groups.append(value)
    return bytes(groups)


def zigzag(value: int) -> int:
    """Return a signed number as an unsigned one, in the order 0, -1, 1, -2: small ones stay short."""
    return 2 * value if value >= 0 else -2 * value - 1


def varint_field(number: int, value: int) -> bytes:
    """Return a field with a whole number or a member of an enum."""
    return _tag(number, _VARINT) + varint(value)


def double_field(number: int, value: float) -> bytes:
    """Return a field with a double."""
    return _tag(number, _DOUBLE) + double(value)


def bytes_field(number: int, value: bytes) -> bytes:
    """Return a field with a message, or with a string in UTF-8."""
    return _tag(number, _BYTES) + delimited(value)


def packed_field(number: int, values: Iterable[int]) -> bytes:
    """Return a field with many whole numbers; without any there is none."""
    packed = b"".join(map(varint, values))
    return bytes_field(number, packed) if packed else b""


def delimited(message: bytes) -> bytes:
    """Return a message behind its length."""
    return varint(len(message)) + message


@cache
def _tag(number: int, kind: int) -> bytes:
    return varint(number << 3 | kind)
