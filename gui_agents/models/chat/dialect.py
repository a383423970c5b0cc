"""OpenAI's Chat Completions, not streamed, with one tool, `act`: what compatible endpoints have in common."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from gui_agents.domain.action_json import schema
from gui_agents.domain.actions import ActionName
from gui_agents.domain.model import Decision, DecisionRequest, Provider
from gui_agents.domain.model_settings import CoordinateSpace
from gui_agents.domain.providers import row_of
from gui_agents.domain.secret import Secret
from gui_agents.domain.spec import Endpoint
from gui_agents.domain.usage import Usage
from gui_agents.models.answers.calls import TOOL
from gui_agents.models.chat.answers import read_decision, read_usage
from gui_agents.models.chat.prompts import messages
from gui_agents.models.endpoint import authorization
from gui_agents.models.features import NOTHING, Feature, Lacking
from gui_agents.pictures.coordinates import shown_schema

TOKEN_FIELDS: Final = ("max_completion_tokens", "max_tokens")
"""What the largest number of tokens is called: by OpenAI today, and by what follows its older contract."""


class ChatDialect:
    """Chat Completions with the model at `endpoint`.

    The tool is demanded of OpenAI itself (`required`); other endpoints often know `auto` alone, and a text with the
    same object will do.
    """

    path: Final = "/chat/completions"

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._of_openai = row_of(Provider.OPENAI).owns(endpoint.base_url)

    def headers(self, key: Secret | None) -> Mapping[str, str]:
        """Return what identifies the caller; see `Dialect`."""
        return authorization(self._endpoint, key)

    def question(self, request: DecisionRequest, lacking: Lacking = NOTHING) -> dict[str, Any]:
        """Return the body of a request; see `Dialect`."""
        settings = self._endpoint.settings
        with_screenshot = settings.pictures and Feature.PICTURES not in lacking
        asked = {
            "model": self._endpoint.model,
            "messages": messages(request, with_screenshot=with_screenshot, settings=settings),
            self._token_field(lacking): settings.max_tokens,
        }
        if settings.tools and Feature.TOOLS not in lacking:
            asked["tools"] = [_tool(request.supported, request.coordinates)]
            if Feature.TOOL_CHOICE not in lacking:
                asked["tool_choice"] = "required" if self._of_openai else "auto"
        return asked

    def _token_field(self, lacking: Lacking) -> str:
        """Return the name that OpenAI itself takes, or the one that most others do; the other one if it was refused."""
        usual, other = TOKEN_FIELDS if self._of_openai else TOKEN_FIELDS[::-1]
        named = self._endpoint.settings.token_field or usual
        if Feature.TOKEN_FIELD not in lacking:
            return named
        return other if named == usual else usual

    def read_usage(self, body: Any) -> Usage | None:
        """Return the tokens in a completion's body; see `Dialect`."""
        return read_usage(body)

    def read_decision(self, body: Any, request: DecisionRequest, max_tokens: int | None = None) -> Decision:
        """Return what a completion decides; see `Dialect`."""
        return read_decision(body, request, max_tokens=max_tokens or self._endpoint.settings.max_tokens)


@lru_cache(maxsize=32)
def _tool(supported: frozenset[ActionName], coordinates: CoordinateSpace) -> dict[str, Any]:
    return {
        "type": "function",
        "function": {
            "name": TOOL,
            "description": "Carry out one action on the screen, or end the task.",
            "parameters": shown_schema(schema(supported), coordinates),
        },
    }
