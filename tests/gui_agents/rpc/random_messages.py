"""Random requests: bytes of no meaning, and messages with every field filled at random."""

import random

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

TEXTS = (
    "",
    " ",
    "finish",
    "give up",
    "work 3",
    "wait",
    "global",
    "simulated",
    "builtin/rules",
    "openai",
    "********",
    "http://127.0.0.1:9/v1",
    "http://user:password@host",
    "\x00",
    "\U0001f600" * 50,
    "../../etc/passwd",
    "x" * 600,
    "%s%n{0}",
)
NUMBERS = (0, 0, 0, 1, 2, 3, 50, -1, 2**31 - 1, -(2**31))


def random_bytes(source: random.Random) -> bytes:
    """Return bytes that seldom parse."""
    return source.randbytes(source.choice((0, 1, 2, 5, 20, 100, 1000)))


def random_message(source: random.Random, kind: type[Message]) -> bytes:
    """Return a message that parses, with some of its bytes flipped now and then."""
    message = kind()
    _fill(source, message)
    data = bytearray(message.SerializeToString())
    if data and source.random() < 0.1:
        data[source.randrange(len(data))] = source.randrange(256)
    return bytes(data)


def _fill(source: random.Random, message: Message) -> None:
    for field in message.DESCRIPTOR.fields:
        if source.random() < 0.5:
            continue
        if field.is_repeated:
            for _ in range(source.choice((1, 2, 200))):
                _add(source, message, field)
        elif field.type == FieldDescriptor.TYPE_MESSAGE:
            _fill(source, getattr(message, field.name))
        else:
            setattr(message, field.name, _value(source, field))


def _add(source: random.Random, message: Message, field: FieldDescriptor) -> None:
    values = getattr(message, field.name)
    if field.type == FieldDescriptor.TYPE_MESSAGE:
        _fill(source, values.add())
    else:
        values.append(_value(source, field))


def _value(source: random.Random, field: FieldDescriptor) -> str | bool | int:
    if field.type == FieldDescriptor.TYPE_STRING:
        return source.choice(TEXTS)
    return source.random() < 0.5 if field.type == FieldDescriptor.TYPE_BOOL else source.choice(NUMBERS)
