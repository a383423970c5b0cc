"""How one model is asked: what it takes, what it must be sent, and how much of the past it is shown."""

from collections.abc import Mapping
from enum import StrEnum, unique
from types import MappingProxyType
from typing import Any, Final

import attrs


@unique
class WireProtocol(StrEnum):
    """The protocols that endpoints of models speak."""

    CHAT = "chat"
    """OpenAI's Chat Completions."""
    RESPONSES = "responses"
    """OpenAI's Responses, with the computer tool."""
    MESSAGES = "messages"
    """Anthropic's Messages, with the computer toolset."""


@unique
class CoordinateSpace(StrEnum):
    """What a model's coordinates count."""

    PIXELS = "pixels"
    """Of the picture that it was sent."""
    THOUSAND = "thousand"
    """Thousandths of the screen: 0 to 1000."""
    UNIT = "unit"
    """Fractions of the screen: 0 to 1."""


@unique
class PictureFormat(StrEnum):
    """The formats of pictures that a model may take."""

    JPEG = "jpeg"
    PNG = "png"


@unique
class Confirmation(StrEnum):
    """What happens when a provider wants somebody to confirm a model's actions."""

    REFUSE = "refuse"
    """The task ends as refused."""
    ALLOW = "allow"
    """They are confirmed, and carried out."""


@attrs.frozen(kw_only=True)
class ModelSettings:
    """How one model is asked."""

    protocol: WireProtocol = WireProtocol.CHAT
    tools: bool = True
    """Whether it is offered tools; else it answers with JSON in text."""
    native_tool: bool = True
    """Whether the protocol's own computer tool is used where there is one; else the tool `act`."""
    pictures: bool = True
    """Whether it is sent the screenshot."""
    picture_formats: tuple[PictureFormat, ...] = (PictureFormat.JPEG, PictureFormat.PNG)
    """What it takes."""
    longest_side: int | None = None
    """Pixels of the longest side of a picture; larger ones are scaled down. None sends them as they are."""
    coordinates: CoordinateSpace = CoordinateSpace.PIXELS
    max_tokens: int = 4096
    """The most that one answer may have, its reasoning included. It is always sent."""
    token_field: str | None = None
    """The name of the field of the request that carries `max_tokens`; None takes the protocol's."""
    extra_body: Mapping[str, Any] = attrs.field(default=MappingProxyType({}), repr=False)
    """Fields that are added to the body of each request."""
    headers: Mapping[str, str] = attrs.field(default=MappingProxyType({}), repr=False)
    """Headers that are added to each request. They may hold keys, so no repr shows them."""
    history_turns: int = 30
    """The most past turns that it is shown in full."""
    history_pictures: int = 0
    """The most past pictures that it is shown."""
    history_characters: int = 100_000
    """The most characters of past turns that it is shown."""
    confirmation: Confirmation = Confirmation.REFUSE


DEFAULT_SETTINGS: Final = ModelSettings()
