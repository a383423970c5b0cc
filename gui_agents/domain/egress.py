"""What became of a connection that a sandboxed browser asked for."""

from enum import StrEnum, unique


@unique
class EgressVerdict(StrEnum):
    """What the egress proxy did with a connection, as metrics spell it."""

    ALLOWED = "allowed"
    """Connected to an address that is allowed."""
    DENIED_PRIVATE = "denied_private"
    """Refused: the address is none of the public ones, and not listed."""
    DENIED_LIST = "denied_list"
    """Refused: EGRESS_ALLOW lists what may be reached, and not this."""
    FAILED = "failed"
    """Allowed, but its name was not found, or nothing answered."""
