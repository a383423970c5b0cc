"""Public names of a package that are loaded when somebody first asks for them (PEP 562).

A package's `__init__` exports names from modules that load servers or optional packages. Importing the package must
load none of these, because every import of one of its modules runs the `__init__` first.
"""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


def exports(package: str, homes: Mapping[str, str]) -> Callable[[str], Any]:
    """Return the `__getattr__` of `package`.

    Args:
        package: the package's name, for the error.
        homes: where each public name is defined, such as `gui_agents.config.load`.
    """

    def load(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        module, _, attribute = homes[name].rpartition(".")
        return getattr(import_module(module), attribute)

    return load
