"""A filter of system calls, which closes doors of the kernel that no namespace closes.

The keys of the service's session can be read by all that it starts, whatever their user. The other calls are large
parts of the kernel that desktops and browsers do not need, and in which ways out were found again and again.
"""

import errno
import os
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import attrs


@attrs.frozen
class Machine:
    """How a machine's system calls are told, from linux/audit.h and the kernel's tables."""

    audit_number: int
    add_key: int
    request_key: int
    keyctl: int
    perf_event_open: int
    bpf: int
    userfaultfd: int
    io_uring_setup: int = 425


MACHINES: Final = {
    "x86_64": Machine(
        0xC000003E, add_key=248, request_key=249, keyctl=250, perf_event_open=298, bpf=321, userfaultfd=323
    ),
    "aarch64": Machine(
        0xC00000B7, add_key=217, request_key=218, keyctl=219, perf_event_open=241, bpf=280, userfaultfd=282
    ),
}
X32_BIT: Final = 0x40000000
"""Calls of a third ABI on x86_64, which have other numbers."""

# Of struct seccomp_data: where the call's number and the machine's are.
_NUMBER, _AUDIT = 0, 4
# From linux/bpf_common.h: load a word, jump if equal, jump if greater or equal, return.
_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_ALLOW = 0x7FFF0000
_ERROR = 0x00050000


def closed_doors(machine: str | None = None) -> bytes | None:
    """Return the filter in the form that `bwrap --seccomp` takes; None if this machine has none."""
    known = MACHINES.get(machine or os.uname().machine)
    if known is None or "\nSeccomp:" not in Path("/proc/self/status").read_text():
        return None
    return _program(known.audit_number, attrs.astuple(known)[1:])


def _program(audit_number: int, refused: Sequence[int]) -> bytes:
    """Return the program: calls of another ABI do not exist, refused ones are not permitted."""
    count = len(refused)
    lines = [
        (_LOAD, 0, 0, _AUDIT),
        (_EQUAL, 0, count + 4, audit_number),
        (_LOAD, 0, 0, _NUMBER),
        (_AT_LEAST, count + 2, 0, X32_BIT),
        *((_EQUAL, count - index, 0, number) for index, number in enumerate(refused)),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _ERROR | errno.EPERM),
        (_RETURN, 0, 0, _ERROR | errno.ENOSYS),
    ]
    return b"".join(struct.pack("=HBBI", *line) for line in lines)
