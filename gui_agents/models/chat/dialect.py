"""OpenAI's Chat Completions, not streamed, with one tool, `act`: what compatible endpoints have in common."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from gui_agents.domain.action_json import schema
from gui_agents.domain.model import Decision, DecisionRequest
from gui_agents.domain.secret import Secret
from gui_agents.domain.spec import Endpoint
from gui_agents.domain.usage import Usage
from gui_agents.models.chat.answers import TOOL, read_decision, read_usage
from gui_agents.models.chat.prompts import messages
from gui_agents.models.endpoint import NO_KEY, OPENAI_HOST


class ChatDialect:
    """Chat Completions with the model at `endpoint`.

    The tool is demanded of OpenAI itself (`required`); other endpoints often know `auto` alone, and a text with the
    same object will do.
    """

    path: Final = "/chat/completions"

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._tool_choice = "required" if urlsplit(endpoint.base_url).hostname == OPENAI_HOST else "auto"

    def headers(self, key: Secret | None) -> Mapping[str, str]:
        """Return the key as a bearer token, or in the provider's own header."""
        own = self._endpoint.key_header
        if own is not None:
            return {} if key is None else {own: key.reveal()}
        return {"Authorization": f"Bearer {NO_KEY if key is None else key.reveal()}"}

    def question(self, request: DecisionRequest) -> dict[str, Any]:
        """Return the body of a request; see `Dialect`."""
        settings = self._endpoint.settings
        asked: dict[str, Any] = {
            "model": self._endpoint.model,
            "messages": messages(request, with_screenshot=settings.pictures),
        }
        return asked | ({"tools": [_tool(request)], "tool_choice": self._tool_choice} if settings.tools else {})

    def read_usage(self, body: Any) -> Usage | None:
        """Return the tokens in a completion's body; see `Dialect`."""
        return read_usage(body)

    def read_decision(self, body: Any, request: DecisionRequest) -> Decision:
        """Return what a completion decides; see `Dialect`."""
        return read_decision(body, request)


def _tool(request: DecisionRequest) -> dict[str, Any]:
    return {
        "type": "function",
        "function": {
            "name": TOOL,
            "description": "Carry out one action on the screen, or end the task.",
            "parameters": schema(request.supported),
        },
    }
