"""What `gui-agents doctor` finds: one thing that was looked at, and what that means."""

from enum import StrEnum, unique

import attrs


@unique
class Verdict(StrEnum):
    """What a finding means."""

    OK = "ok"
    NOTE = "note"
    """Worth knowing. Nothing that the configuration asks for is missing."""
    PROBLEM = "problem"


@attrs.frozen
class Finding:
    """One thing that was looked at."""

    subject: str
    verdict: Verdict
    text: str
