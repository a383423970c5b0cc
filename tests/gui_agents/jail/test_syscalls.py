"""The filter refuses what it names, and lets all else through; the kernel itself judges, in a process of its own."""

import os
import subprocess
import sys

import attrs
import pytest

from gui_agents.jail import syscalls

PROGRAM = """
import ctypes, sys
libc = ctypes.CDLL(None, use_errno=True)
program = bytes.fromhex(sys.argv[1])
class Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("lines", ctypes.c_char_p)]
libc.prctl(38, 1, 0, 0, 0)
if libc.prctl(22, 2, ctypes.byref(Program(len(program) // 8, program))):
    sys.exit("no filter: " + str(ctypes.get_errno()))
for number in map(int, sys.argv[2:]):
    ctypes.set_errno(0)
    libc.syscall(number, -1, 0, 0, 0, 0)
    print(ctypes.get_errno())
"""


def errors(program, numbers):
    """Return the error of each call in a process with the filter."""
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", PROGRAM, program.hex(), *map(str, numbers)],
        capture_output=True,
        text=True,
        check=True,
    )
    return [int(line) for line in done.stdout.split()]


def test_named_calls_are_refused_and_others_are_not():
    known = syscalls.MACHINES.get(os.uname().machine)
    program = syscalls.closed_doors()
    if known is None or program is None:
        pytest.skip("no filter for this machine")
    refused = attrs.astuple(known)[1:]
    assert errors(program, refused) == [1] * len(refused)
    close = {"x86_64": 3, "aarch64": 57}[os.uname().machine]
    assert errors(program, [close, syscalls.X32_BIT + close]) == [9, 38]


def test_a_program_of_another_machine_s_calls_runs_none(tmp_path):
    other = {"x86_64": "aarch64", "aarch64": "x86_64"}.get(os.uname().machine)
    if other is None:
        pytest.skip("no filter for this machine")
    program = syscalls.closed_doors(other)
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", PROGRAM, program.hex(), "3"], capture_output=True, check=False
    )
    assert done.returncode != 0


def test_an_unknown_machine_has_no_filter():
    assert syscalls.closed_doors("m68k") is None
