"""What an endpoint may be unable to take, found out by its refusals.

A request that is refused because of a feature is made once more without it. What one endpoint lacks for one model is
remembered for as long as the service runs, so that only its first task pays for it.
"""

import re
from collections import OrderedDict
from enum import Enum, auto, unique
from typing import Final

REFUSING: Final = frozenset({400, 404, 405, 415, 422, 500, 501})
"""The statuses with which endpoints refuse what they cannot take."""
MAX_REMEMBERED: Final = 1000
"""Endpoints with their models. The one that was used least recently is forgotten."""


@unique
class Feature(Enum):
    """A part of a request that some endpoints refuse."""

    TOKEN_FIELD = auto()
    """The usual name of the field with the largest number of tokens; there is another one."""
    TOOL_CHOICE = auto()
    """That a tool is demanded or chosen; tools may do without."""
    ENCRYPTED_REASONING = auto()
    """Reasoning that comes back encrypted, to be sent again."""
    COMPUTER_TOOL = auto()
    """The protocol's own computer tool; there is `act` in place of it."""
    TOOLS = auto()
    """Tools; without them the model answers in text."""
    PICTURES = auto()


Lacking = frozenset[Feature]
NOTHING: Final[Lacking] = frozenset()

_DENIED: Final = re.compile(
    r"disabled|deprecated|not have|n't have|has no|have no|no tool|expected (?:a )?string|unmarshal array"
    r"|invalid message content type|"
    r"support|not enabled|n't enabled|not permitted|not allowed|not available|unrecogni[sz]ed|unknown|unexpected"
    r"|extra inputs|extra fields|no endpoints|not implemented|not compatible|incompatible|not accept|not (?:a )?valid"
    r"|requires|required|must be|should be|not a multi-?modal|not a vlm|at most 0|use --|add --|enable it|not exist"
    r"|does not match any"
)
_NAMED: Final = {
    Feature.TOKEN_FIELD: re.compile(r"max_(?:completion_)?tokens"),
    Feature.TOOL_CHOICE: re.compile(r"tool[_ ]?choice"),
    Feature.ENCRYPTED_REASONING: re.compile(r"encrypted"),
    Feature.COMPUTER_TOOL: re.compile(r"computer"),
    Feature.TOOLS: re.compile(r"\btools?\b|\bfunctions?\b|function[- _]?call|--jinja|tool[- _]?(?:use|call)"),
    Feature.PICTURES: re.compile(
        r"image|picture|\bvision\b|multi-?modal|\bvlm\b|must be a string|valid string|text-only"
        r"|expected (?:a )?string|unmarshal array|supports? text|text content is|invalid message content type"
    ),
}
_OTHERWISE: Final = {
    Feature.TOKEN_FIELD: re.compile(
        r"too (?:large|small|high|low)|at most|at least|less than|greater than|between|integer|exceed|range"
    ),
    Feature.TOOL_CHOICE: re.compile(r"--|\bserver\b|\bjinja\b|\bparser\b"),
    Feature.ENCRYPTED_REASONING: re.compile(r"decrypt|invalid_encrypted|could not be verified"),
    Feature.COMPUTER_TOOL: re.compile(r"computer call|screenshot"),
    Feature.TOOLS: re.compile(r"tool_call_id|tool_calls\[|role '?tool"),
    Feature.PICTURES: re.compile(
        r"format|mime|media[_ ]type|image/[a-z]|size|dimension|resolution|pixels|too large|too big|too small|exceed"
        r"|download|fetch|decode|corrupt|base64|safety|policy"
    ),
}
"""What says that the feature is known, and something in it is wrong; or, for a choice of tools, that tools are."""


def lacked(said: str, status: int | None) -> list[Feature]:
    """Return the features that an endpoint refuses with these words, the likeliest first.

    `status` is None for words in the body of an answer that name none.
    """
    words = said.lower()
    if (status is not None and status not in REFUSING) or _DENIED.search(words) is None:
        return []
    named = [feature for feature in Feature if _NAMED[feature].search(words)]
    refused = [feature for feature in named if not _OTHERWISE[feature].search(words)]
    if Feature.TOOL_CHOICE in named and Feature.TOOLS not in refused:
        # Servers choose by themselves if a request does not, and refuse that too.
        refused.append(Feature.TOOLS)
    return refused


class KnownLacks:
    """What endpoints lack. One instance serves all models of an event loop."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[str, str], Lacking] = OrderedDict()

    def of(self, base_url: str, model: str) -> Lacking:
        """Return what is known to be lacking for a model of an endpoint."""
        known = self._known.get((base_url, model), NOTHING)
        if known:
            self._known.move_to_end((base_url, model))
        return known

    def remember(self, base_url: str, model: str, lacking: Lacking) -> None:
        """Keep what an endpoint lacked when it took a request."""
        if not lacking:
            return
        self._known[base_url, model] = lacking
        self._known.move_to_end((base_url, model))
        if len(self._known) > MAX_REMEMBERED:
            self._known.popitem(last=False)
