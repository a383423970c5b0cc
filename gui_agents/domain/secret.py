"""Keys and passwords. No log, repr or reply shows them."""

from typing import Final


class Secret:
    """A string that no log, repr or reply shows."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the plain value, for the one call that needs it."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(********)"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._value == other.reveal()

    def __hash__(self) -> int:
        return hash(self._value)


MASKED_KEY: Final = "********"
"""What replies show instead of a key. A client that sends it back sends no key."""


FORGOTTEN: Final = Secret(MASKED_KEY)
"""Replaces a key that is no longer needed. Clients still see that there was one; it cannot be used as a key."""
