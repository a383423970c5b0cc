"""What Lybic answers, read with doubt: a field that is missing or of another kind is never an exception of Python."""

import math
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

import attrs

from gui_agents.domain.cloud import SandboxKind, id_problem
from gui_agents.domain.sandbox import SandboxType
from gui_agents.sandboxes.lybic.failures import FailedCallError, Trouble

SYSTEMS: Final = {"windows": SandboxType.WINDOWS, "linux": SandboxType.LINUX, "android": SandboxType.ANDROID}
MAX_SIDE: Final = 16_384
"""Pixels of a screen; what is larger is no size."""
MAX_URL: Final = 4000


@attrs.frozen(kw_only=True)
class Shape:
    """A kind of sandbox."""

    name: str
    os: SandboxType | None
    virtualization: str
    architecture: str
    hardware_encoding: bool
    price: float
    """In hours that one hour costs; infinity if Lybic does not say."""

    def is_of(self, kind: SandboxKind) -> bool:
        """Tell whether a sandbox of this shape is what somebody wants."""
        return (
            kind.shape in {"", self.name}
            and kind.os in {None, self.os}
            and kind.virtualization.lower() in {"", self.virtualization.lower()}
            and kind.architecture.lower() in {"", self.architecture.lower()}
            and (self.hardware_encoding or not kind.hardware_encoding)
        )


@attrs.frozen(kw_only=True)
class Sandbox:
    """What Lybic knows of a sandbox."""

    sandbox_id: str
    name: str
    shape: str
    os: SandboxType | None
    """None if Lybic does not say."""
    status: str
    expires_at: datetime | None
    created_at: datetime | None


@attrs.frozen
class Preview:
    """Where the picture of a screen is, and how large the screen is if Lybic says."""

    url: str
    screen: tuple[int, int] | None


def as_sandbox(value: Any) -> Sandbox:
    """Return a sandbox.

    Raises:
        FailedCallError: it has no id.
    """
    fields = _object(value)
    sandbox_id = _text(fields.get("id"))
    if id_problem(sandbox_id) is not None:
        raise FailedCallError("Lybic answered without the sandbox's id", Trouble.FAILED, undone=False)
    shape = _object(fields.get("shape"))
    return Sandbox(
        sandbox_id=sandbox_id,
        name=_text(fields.get("name")),
        shape=_text(fields.get("shapeName")) or _text(shape.get("name")),
        os=SYSTEMS.get(_text(shape.get("os")).lower()),
        status=_text(fields.get("status")),
        expires_at=_moment(fields.get("expiresAt")),
        created_at=_moment(fields.get("createdAt")),
    )


def listed(value: Any) -> Iterator[Sandbox]:
    """Yield the sandboxes of a list; what is none is left out."""
    for each in value if isinstance(value, list) else []:
        try:
            yield as_sandbox(each)
        except FailedCallError:
            continue


def as_shapes(value: Any) -> list[Shape]:
    """Return the shapes of a list, the cheapest first; what is none is left out."""
    shapes = []
    for each in value if isinstance(value, list) else []:
        fields = _object(each)
        name = _text(fields.get("name"))
        if id_problem(name) is None:
            shapes.append(
                Shape(
                    name=name,
                    os=SYSTEMS.get(_text(fields.get("os")).lower()),
                    virtualization=_text(fields.get("virtualization")),
                    architecture=_text(fields.get("architecture")),
                    hardware_encoding=fields.get("hardwareAcceleratedEncoding") is True,
                    price=_number(fields.get("pricePerHour")),
                )
            )
    return sorted(shapes, key=lambda shape: (shape.price, shape.name))


def as_preview(value: Any) -> Preview:
    """Return a preview.

    Raises:
        FailedCallError: it names no picture.
    """
    fields = _object(value)
    url = fields.get("screenShot")
    if not isinstance(url, str) or not 0 < len(url) <= MAX_URL:
        raise FailedCallError("Lybic gave no picture of the screen", Trouble.FAILED, undone=True)
    cursor = _object(fields.get("cursorPosition"))
    sides = (cursor.get("screenWidth"), cursor.get("screenHeight"))
    width, height = (side if type(side) is int and 0 < side <= MAX_SIDE else 0 for side in sides)
    return Preview(url, (width, height) if width and height else None)


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str:
    return value[:200] if isinstance(value, str) else ""


def _number(value: Any) -> float:
    """Return a price, which comes as a number or as a text."""
    try:
        number = float(value) if isinstance(value, int | float | str) else math.inf
    except (ValueError, OverflowError):
        return math.inf
    return number if number >= 0 else math.inf


def _moment(value: Any) -> datetime | None:
    try:
        moment = datetime.fromisoformat(_text(value))
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
