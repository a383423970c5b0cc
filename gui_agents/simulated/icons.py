"""What the picture of an app is made of. Positions and sizes are hundredths of the picture's width."""

from typing import Final

import attrs

from gui_agents.simulated.theme import Colour

WHITE: Final[Colour] = (255, 255, 255)


@attrs.frozen
class Block:
    """A rectangle with round corners."""

    x: float
    y: float
    width: float
    height: float
    radius: float
    """In pixels; below 1 it is a part of the picture's width."""
    colour: Colour = WHITE


@attrs.frozen
class Disc:
    """A circle, given by its center."""

    x: float
    y: float
    radius: float
    colour: Colour = WHITE


@attrs.frozen
class Icon:
    """A picture: shapes, painted in order on a plate of one colour."""

    plate: Colour
    shapes: tuple[Block | Disc, ...]
