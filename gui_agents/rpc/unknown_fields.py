"""Names the fields of a request that the contract does not have, such as those of a newer one.

A parser keeps them aside, so a request that has them is served. What the client wanted with them does not happen,
and so the task's first message, or the log, says which ones they were.
"""

from collections.abc import Iterator
from itertools import islice
from typing import Final

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.unknown_fields import UnknownFieldSet

MOST_NAMED: Final = 8
MOST_BYTES: Final = 4096
"""Of unknown fields that are looked at one by one: a large request may hold millions."""


def unknown_fields(request: Message) -> tuple[str, ...]:
    """Return the numbers of the unknown fields of a request and of what it holds, as parts of a sentence."""
    size = _unknown_bytes(request)
    if size == 0:
        return ()
    if size > MOST_BYTES:
        return (f"{size} bytes of unknown fields",)
    found = list(islice(dict.fromkeys(_of(request, "the request")), MOST_NAMED + 1))
    return (*found[:MOST_NAMED], *(["further unknown fields"] if len(found) > MOST_NAMED else []))


def _unknown_bytes(request: Message) -> int:
    known = type(request)()
    known.CopyFrom(request)
    known.DiscardUnknownFields()
    return request.ByteSize() - known.ByteSize()


def _of(message: Message, path: str) -> Iterator[str]:
    unknown = UnknownFieldSet(message)
    for index in range(len(unknown)):
        yield f"the unknown field {unknown[index].field_number} of {path}"
    for descriptor, value in message.ListFields():
        if descriptor.type == FieldDescriptor.TYPE_MESSAGE:
            inner = descriptor.name if path == "the request" else f"{path}.{descriptor.name}"
            yield from _of(value, inner)
