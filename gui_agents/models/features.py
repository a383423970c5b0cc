"""What an endpoint may be unable to take, found out by its refusals.

A request that is refused because of a feature is made once more without it. What one endpoint lacks for one model is
remembered, so that only its first task pays for it, but tried again from time to time: servers are mended, and words
misread.
"""

import re
import time
from collections import OrderedDict
from collections.abc import Callable
from enum import Enum, auto, unique
from http import HTTPStatus
from typing import Final

REFUSING: Final = frozenset({400, 404, 405, 415, 422, 500, 501})
"""The statuses with which endpoints refuse what they cannot take."""
MAX_REMEMBERED: Final = 1000
"""Endpoints with their models. The one that was used least recently is forgotten."""

REMEMBERED_SECONDS: Final = 3600.0
"""How long the endpoint is not asked for a feature that it lacked."""


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
    r"|invalid message content type|invalid content type|content only text"
    r"|(?<!contact )(?<!contact our )support(?! team|@)|not enabled|n't enabled|not permitted|not allowed|not available"
    r"|only available|(?:unrecogni[sz]ed|unknown|unexpected) (?:\w+ ){0,3}(?:argument|field|key|param|propert|variant)"
    r"|unknown name|extra inputs|extra fields|no endpoints|not implemented|not compatible|incompatible|not accept"
    r"|not (?:a )?valid|requires? --|must be (?:a )?(?:valid )?string|should be a (?:valid )?string"
    r"|must be (?:none|null|empty|disabled|omitted|false|['\"]none)"
    r"|not a multi-?modal|not a vlm|at most 0|use --|add --|enable it|not exist|does not match any"
    r"|(?:can(?:not| not|'t|’t)|unable to) (?:accept|call|handle|process|read|receive|see|take|understand|use|view) "
    r"(?:tool|function|images|pictures|image input)|images cannot be"
    r"|不支持|不支援|未启用|未开启|未開啟|不可用|无法处理|無法處理|参数非法|仅支持|只支持|僅支援"
)
_DENIED_BY_SERVER: Final = re.compile(
    r"(?:not|n't|’t|never|nor|only) (?:\w+ ){0,3}support|unsupported|supports? only|--jinja|not have vision|不支持"
)
"""What is meant so in a fault of the server too, whose words are mostly of what broke while it did its work."""
_SHAPE: Final = re.compile(
    r"without its|tool_results?\b|tool_call_id|tool_calls\[|call_id|call id|tool output|role '?tool|corresponding"
    r"|immediately after|must be followed|missing required|\bids\b|schema must|is required|too long|reserved name"
)
"""What says that something in the conversation is wrong, whatever it is about."""
_NAMED: Final = {
    Feature.TOKEN_FIELD: re.compile(r"max_(?:completion_)?tokens"),
    Feature.TOOL_CHOICE: re.compile(r"tool[_ ]?choice"),
    Feature.ENCRYPTED_REASONING: re.compile(r"encrypted"),
    Feature.COMPUTER_TOOL: re.compile(r"computer"),
    Feature.TOOLS: re.compile(
        r"(?<![a-z0-9_])(?:tools?|functions?)(?![a-z0-9_])|function[- _]?call|--jinja|tool[- _]?(?:use|call)"
        r"|工具|函数|函數"
    ),
    Feature.PICTURES: re.compile(
        r"image|picture|(?<![a-z])vision|multi-?modal|(?<![a-z])vlm(?![a-z])|must be a string|valid string|text[- ]only"
        r"|expected (?:a )?string|unmarshal array|supports? (?:only )?text|only (?:supports? )?text|text content is"
        r"|invalid message content type|图片|图像|圖片|圖像|视觉|多模态|多模態|\['text'\]|支持文本|支援文字"
    ),
}
_OTHERWISE: Final = {
    Feature.TOKEN_FIELD: re.compile(
        r"too (?:large|small|high|low)|at most|at least|less than|greater than|between|integer|exceed|range"
    ),
    Feature.TOOL_CHOICE: re.compile(r"--|\bserver\b|\bjinja\b|\bparser\b"),
    Feature.ENCRYPTED_REASONING: re.compile(r"decrypt|invalid_encrypted|could not be verified"),
    Feature.COMPUTER_TOOL: re.compile(r"computer call|screenshot"),
    Feature.TOOLS: re.compile(r"supported (?:with|by|for) (?:tool|function)"),
    Feature.PICTURES: re.compile(
        r"format|mime|media[_ ]type|image/[a-z]|size|dimension|resolution|pixels|too large|too big|too small|exceed"
        r"|download|fetch|decode|corrupt|base64|safety|policy|too many|up to [1-9]|at most [1-9]|more than [1-9]"
        r"|maximum|格式|大小|尺寸|过大|分辨率|下载|最多"
    ),
}
"""What says that the feature is known, and something in it is wrong; or, for a choice of tools, that tools are."""


def lacked(said: str, status: int | None) -> list[Feature]:
    """Return the features that an endpoint refuses with these words, the likeliest first.

    `status` is None for words in the body of an answer that name none.
    """
    words = said.lower()
    denied = _DENIED_BY_SERVER if status == HTTPStatus.INTERNAL_SERVER_ERROR else _DENIED
    if (status is not None and status not in REFUSING) or denied.search(words) is None or _SHAPE.search(words):
        return []
    named = [feature for feature in Feature if _NAMED[feature].search(words)]
    refused = [feature for feature in named if not _OTHERWISE[feature].search(words)]
    if Feature.TOOL_CHOICE in named and Feature.TOOLS not in refused:
        # Servers choose by themselves if a request does not, and refuse that too.
        refused.append(Feature.TOOLS)
    return refused


class KnownLacks:
    """What endpoints lack. One instance serves all models of an event loop."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._known: OrderedDict[tuple[str, str], dict[Feature, float]] = OrderedDict()
        """With the moment when each feature is tried again."""

    def of(self, base_url: str, model: str) -> Lacking:
        """Return what is known to be lacking for a model of an endpoint, and is not yet to be tried again."""
        known = self._known.get((base_url, model))
        if known is None:
            return NOTHING
        self._known.move_to_end((base_url, model))
        now = self._monotonic()
        return frozenset(feature for feature, again in known.items() if now < again)

    def remember(self, base_url: str, model: str, lacking: Lacking) -> None:
        """Keep what an endpoint was found to lack: it refused a request with it, and took one without it."""
        if not lacking:
            return
        known = self._known.setdefault((base_url, model), {})
        known.update(dict.fromkeys(lacking, self._monotonic() + REMEMBERED_SECONDS))
        self._known.move_to_end((base_url, model))
        if len(self._known) > MAX_REMEMBERED:
            self._known.popitem(last=False)
