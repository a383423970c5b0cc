"""What a step's messages say: what was seen, decided and done, in a line."""

from collections.abc import Sequence
from typing import Final

from gui_agents.domain.action_json import to_json
from gui_agents.domain.actions import Action
from gui_agents.domain.model import Turn
from gui_agents.domain.screen import Element, Observation

MAX_TOLD: Final = 300
"""Maximum characters of an action and of an outcome."""


def first_told(turn: Turn, observation: Observation, place: str) -> str:
    """Return what is told of the first action of a step; `place` says which of several it is."""
    decided = "no action" if turn.action is None else _brief(turn.action)
    told = [f"saw {_seen(observation)}", f"decided {decided}{place}"]
    if turn.rationale:
        told.append(f"because {turn.rationale}")
    return "; ".join([*told, *_outcome(turn)])


def next_told(turn: Turn, place: str) -> str:
    """Return what is told of a further action of the same step."""
    decided = "no action" if turn.action is None else _brief(turn.action)
    return "; ".join([f"then {decided}{place}", *_outcome(turn)])


def dropped_told(dropped: Sequence[Action], why: str) -> str:
    """Return what is told of the actions that were not carried out."""
    names = ", ".join(str(action.name) for action in dropped)
    shown = names if len(names) <= MAX_TOLD else f"{names[:MAX_TOLD]}…"
    return f"{len(dropped)} more not carried out ({shown}): {why[:MAX_TOLD]}"


def _outcome(turn: Turn) -> list[str]:
    return [turn.outcome[:MAX_TOLD]] if turn.outcome else []


def _seen(observation: Observation) -> str:
    if observation.tree is None:
        return f"a screen of {observation.width} x {observation.height}"
    windows = _windows(observation.tree.children)
    return ", ".join(windows) if windows else observation.tree.name


def _windows(elements: Sequence[Element]) -> list[str]:
    return [element.name for element in elements if element.role in ("window", "dialog") and element.name]


def _brief(action: Action) -> str:
    fields = to_json(action)
    name = fields.pop("action")
    shown = ", ".join(f"{key}={value!r}" for key, value in fields.items())
    text = f"{name}({shown})"
    return text if len(text) <= MAX_TOLD else f"{text[:MAX_TOLD]}…"
