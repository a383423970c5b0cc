"""The most that one call can use, from the body of its request, before it is sent.

No tokenizer makes more tokens out of a text than it has bytes. A body of JSON has more bytes than the texts in it,
which covers what a server's template puts between them. Pictures travel as base64 and are counted by their number.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from gui_agents.domain.model_settings import DEFAULT_SETTINGS
from gui_agents.domain.spec import Endpoint, ModelChoice
from gui_agents.domain.usage import CallBound

HIDDEN_TOKENS: Final = 2000
"""What a provider may add to the input, such as its own prompt for tools."""
PICTURE_TOKENS: Final = 5000
"""The most for one picture. Full HD has 2,700 patches of 28 x 28 pixels, which many models count as a token each."""
LEAST_OUTPUT_TOKENS: Final = 1024
"""With fewer, the reasoning or the arguments of an answer are likely to be cut off."""

_PICTURE_BEGINS: Final = ("data:image/", "iVBORw0KGgo", "/9j/")
"""Of a data URL, and of PNG and JPEG in base64."""
_SHORTEST_PICTURE: Final = 100
"""Characters. A text this short counts as a text, whatever it begins with."""


def call_bound(endpoint: Endpoint, body: Mapping[str, Any], body_bytes: int) -> CallBound:
    """Return the most that a call with this body, of so many bytes as JSON, can use."""
    pictures = [len(text) for text in _texts(body) if _is_picture(text)]
    max_tokens = endpoint.settings.max_tokens
    return CallBound(
        provider=endpoint.provider,
        model=endpoint.model,
        input_tokens=body_bytes - sum(pictures) + len(pictures) * PICTURE_TOKENS + HIDDEN_TOKENS,
        output_tokens=max_tokens,
        least_output_tokens=min(max_tokens, LEAST_OUTPUT_TOKENS),
    )


def smallest_call(choice: ModelChoice) -> CallBound:
    """Return a bound that is below that of any call to this model."""
    settings = DEFAULT_SETTINGS if choice.endpoint is None else choice.endpoint.settings
    return CallBound(choice.provider, choice.model, HIDDEN_TOKENS, min(settings.max_tokens, LEAST_OUTPUT_TOKENS))


def _is_picture(text: str) -> bool:
    return len(text) > _SHORTEST_PICTURE and text.startswith(_PICTURE_BEGINS)


def _texts(body: Any) -> Iterator[str]:
    """Yield every text in a body, without recursion."""
    waiting = [body]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, Mapping):
            waiting.extend(value.values())
        elif isinstance(value, list | tuple):
            waiting.extend(value)
