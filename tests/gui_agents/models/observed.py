"""What the tests of models let them decide from."""

from gui_agents.domain.actions import SANDBOX_ACTIONS
from gui_agents.domain.model import DecisionRequest, Remaining
from gui_agents.domain.model_settings import CoordinateSpace, PictureFormat
from gui_agents.domain.screen import Bounds, Element, Observation, Picture

SAVE = Element("button", "Save", Bounds(100, 200, 80, 40), states=frozenset({"focused", "checked"}))
TREE = Element(
    "window",
    "Notes",
    Bounds(0, 0, 1280, 720),
    children=(SAVE, Element("textbox", 'Note "1"', Bounds(0, 0, 0, 0), value="line\nline")),
)
PNG = Picture(b"\x89PNG\r\n\x1a\nimage", 1280, 720, PictureFormat.PNG)


def request(
    *,
    instruction="Save the note",
    history=(),
    tree=TREE,
    screenshot=None,
    supported=SANDBOX_ACTIONS,
    seconds=99.9,
    coordinates=CoordinateSpace.PIXELS,
):
    """Return what a model is asked on a screen of 1280 x 720 pixels."""
    return DecisionRequest(
        instruction=instruction,
        observation=Observation(1280, 720, tree=tree, screenshot=screenshot),
        history=tuple(history),
        remaining=Remaining(steps=7, seconds=seconds),
        supported=supported,
        coordinates=coordinates,
    )
