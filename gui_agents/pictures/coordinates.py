"""Coordinates between the screen and the numbers that a model writes and reads. This is the only place that scales.

A model counts pixels of the picture that it was sent (of the screen if it was sent none), thousandths, or fractions.
Each of its pixels covers a square of the screen and means the middle of it. Whatever a model is told of the screen
is in its own numbers, past actions and errors included: it would mix up two kinds.
"""

import math
from collections.abc import Mapping
from typing import Any, Final

import attrs

from gui_agents.domain.actions import ACTIONS, ActionName, InvalidActionError
from gui_agents.domain.model_settings import CoordinateSpace
from gui_agents.domain.screen import Observation

HORIZONTAL: Final = frozenset({"x", "to_x"})
VERTICAL: Final = frozenset({"y", "to_y"})
COORDINATES: Final = HORIZONTAL | VERTICAL
"""The fields of actions that are coordinates, as JSON spells them."""
LENGTHS: Final[Mapping[CoordinateSpace, int]] = {CoordinateSpace.THOUSAND: 1000, CoordinateSpace.UNIT: 1}
"""The length of both sides, where it is not that of the picture."""
UNIT_DIGITS: Final = 4
"""Of a fraction that a model is told: enough for a screen of 5,000 pixels."""
MAX_DIGITS: Final = 30
"""Of a number that comes as a string."""


@attrs.frozen(kw_only=True)
class Size:
    """Pixels."""

    width: int
    height: int

    def along(self, key: str) -> int:
        """Return the side that a coordinate lies on."""
        return self.width if key in HORIZONTAL else self.height


@attrs.frozen(kw_only=True)
class View:
    """A screen as one model sees it."""

    screen: Size
    picture: Size
    """What the model's pixels are of."""
    space: CoordinateSpace = CoordinateSpace.PIXELS

    @classmethod
    def of(cls, observation: Observation, space: CoordinateSpace = CoordinateSpace.PIXELS) -> "View":
        """Return the view of a model that is sent this observation."""
        screen, sent = Size(width=observation.width, height=observation.height), observation.screenshot
        return cls(
            screen=screen,
            picture=screen if sent is None else Size(width=sent.width, height=sent.height),
            space=space,
        )

    @property
    def is_screen(self) -> bool:
        """Whether the model's numbers are the screen's pixels."""
        return self.space is CoordinateSpace.PIXELS and self.picture == self.screen

    def described(self) -> str:
        """Return how large the screen is in the model's numbers, for a prompt."""
        match self.space:
            case CoordinateSpace.PIXELS:
                return f"{self.picture.width} x {self.picture.height} pixels"
            case CoordinateSpace.THOUSAND:
                return "coordinates from 0 to 1000 on both sides"
            case CoordinateSpace.UNIT:
                return "coordinates from 0 to 1 on both sides"

    def point(self, x: float, y: float) -> tuple[int, int]:
        """Return the screen's pixel at a place in the model's numbers.

        Raises:
            InvalidActionError: it leaves the screen.
        """
        return self._to_screen("x", x), self._to_screen("y", y)

    def shown_point(self, x: int, y: int) -> tuple[float, float]:
        """Return a pixel of the screen in the model's numbers."""
        return self._shown("x", x), self._shown("y", y)

    def shown_size(self, width: int, height: int) -> tuple[float, float]:
        """Return the size of a rectangle of the screen in the model's numbers."""
        return self._scaled("x", width), self._scaled("y", height)

    def read(self, answer: Mapping[str, Any]) -> dict[str, Any]:
        """Return an action as the model wrote it, its coordinates in the screen's pixels.

        What is no number stays, for the parser of actions to refuse; so do coordinates that the action does not have,
        which some models fill in with 0.

        Raises:
            InvalidActionError: a coordinate leaves the screen.
        """
        if self.is_screen:
            return dict(answer)
        pointed = _coordinates_of(answer.get("action"))
        return {
            key: value if key not in pointed or (number := _number(value)) is None else self._to_screen(key, number)
            for key, value in answer.items()
        }

    def shown(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Return an action's fields, its coordinates in the model's numbers."""
        if self.is_screen:
            return dict(fields)
        return {key: self._shown(key, value) if key in COORDINATES else value for key, value in fields.items()}

    def _length(self, key: str) -> int:
        """Return the length of a side in the model's numbers."""
        return LENGTHS.get(self.space) or self.picture.along(key)

    def _to_screen(self, key: str, number: float) -> int:
        length, pixels = self._length(key), self.screen.along(key)
        if not 0 <= number <= length:
            raise InvalidActionError(f"{key}={number:.6g} leaves the screen (0 to {length})")
        if self.space is CoordinateSpace.PIXELS:
            number = math.floor(number) + 0.5
        return min(math.floor(number * pixels / length), pixels - 1)

    def _shown(self, key: str, pixel: int) -> float:
        # The middle of the pixel, so that reading it gives this pixel again where the model's numbers are as fine.
        shown = (pixel + 0.5) * self._length(key) / self.screen.along(key)
        match self.space:
            case CoordinateSpace.PIXELS:
                return math.floor(shown)
            case CoordinateSpace.THOUSAND:
                return round(shown)
            case CoordinateSpace.UNIT:
                return round(shown, UNIT_DIGITS)

    def _scaled(self, key: str, pixels: int) -> float:
        scaled = pixels * self._length(key) / self.screen.along(key)
        return round(scaled, UNIT_DIGITS) if self.space is CoordinateSpace.UNIT else round(scaled)


def shown_schema(schema: Mapping[str, Any], space: CoordinateSpace) -> dict[str, Any]:
    """Return the JSON schema of an action as a model with these coordinates needs it."""
    if space is CoordinateSpace.PIXELS:
        return dict(schema)
    kind, length = ("number" if space is CoordinateSpace.UNIT else "integer"), LENGTHS[space]
    properties = dict(schema["properties"])
    for key in COORDINATES & properties.keys():
        edge = "left" if key in HORIZONTAL else "top"
        end = "where the drag ends, " if key.startswith("to_") else ""
        properties[key] = {"type": kind, "description": f"{end}0 to {length} from the {edge} edge"}
    return {**schema, "properties": properties}


def _coordinates_of(action: Any) -> frozenset[str]:
    """Return the coordinates that an action has; all of them if it is not known."""
    if action not in {*ActionName}:
        return COORDINATES
    return COORDINATES & {field.name for field in attrs.fields(ACTIONS[ActionName(action)])}


def _number(value: Any) -> float | None:
    """Return a number that is written as one or as a string; None for anything else."""
    if isinstance(value, str) and len(value) <= MAX_DIGITS:
        try:
            value = float(value)
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:
        return None
