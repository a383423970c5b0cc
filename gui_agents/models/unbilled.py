"""Which failed attempts were surely not billed, by what the endpoint answered."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from gui_agents.models.failures import error_in, said_in, status_in

ANSWERED: Final = ("choices", "output", "content", "usage")
"""Where the bodies of all protocols keep what was written and what it used."""
NOT_ANSWERS: Final = frozenset({HTTPStatus.ACCEPTED, HTTPStatus.NO_CONTENT})
GAVE_UP_WAITING: Final = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.GATEWAY_TIMEOUT, 524})
"""Statuses of gateways behind which the model may have gone on, and somebody may have billed it."""


def unbilled_status(status: int | None) -> bool:
    """Tell whether nothing is billed for an answer with this HTTP status."""
    return status is not None and (status >= HTTPStatus.MULTIPLE_CHOICES or status in NOT_ANSWERS)


def unbilled_body(body: Any) -> bool:
    """Tell whether a body that came with status 200 is an error and holds nothing that could be billed."""
    if not isinstance(body, Mapping) or any(body.get(name) for name in ANSWERED):
        return False
    return bool(error_in(body) or said_in(body)) or status_in(body) is not None or "code" in body
