"""Programs of the operating system that some tests need."""

import os
import shutil

import pytest


def require_program(name: str) -> str:
    """Return the program's path; without it skip the test, or fail it where REQUIRE_SYSTEM_TOOLS=1 says so."""
    path = shutil.which(name)
    if path is not None:
        return path
    if os.environ.get("REQUIRE_SYSTEM_TOOLS") == "1":
        pytest.fail(f"{name} is missing, and REQUIRE_SYSTEM_TOOLS=1")
    pytest.skip(f"{name} is not installed")
