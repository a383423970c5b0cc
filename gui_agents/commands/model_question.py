"""The one tiny question of `gui-agents models check`, and what came of it."""

import io
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import attrs
from PIL import Image

from gui_agents.commands.model_needs import calls_a_tool
from gui_agents.domain.actions import Done, InvalidActionError
from gui_agents.domain.model import DecisionRequest, ModelError, Remaining
from gui_agents.domain.model_settings import ModelSettings, PictureFormat
from gui_agents.domain.screen import Observation, Picture
from gui_agents.domain.spec import Endpoint
from gui_agents.domain.usage import CallBound, ModelCall
from gui_agents.http.addresses import EndpointPolicy
from gui_agents.http.decoding import decode
from gui_agents.models.caller import CalledModel
from gui_agents.models.clients import ModelClients
from gui_agents.models.features import NOTHING, Lacking
from gui_agents.models.retry import RetryPolicy

if TYPE_CHECKING:
    from gui_agents.http.client import Answer, HTTPClient

SIDE: Final = 64
"""Pixels of the picture, either way."""
COLOUR: Final = "red"
INSTRUCTION: Final = (
    "This is a test. The screenshot is of one colour. End the task at once with the action done: its message is the "
    "name of that colour in English, or none if you see no screenshot."
)


@attrs.frozen(kw_only=True)
class Asked:
    """One question, and what came of it."""

    settings: ModelSettings
    """How it was asked."""
    calls: tuple[ModelCall, ...]
    problem: str | None
    """Why there is no decision; None if there is one."""
    answer: str | None
    """The text of the model's `done`."""
    answered: bool
    """Whether the endpoint let the model answer."""
    lacking: Lacking = NOTHING
    """What the endpoint refused of the question before it was answered."""
    called: bool = False
    """Whether the answer calls a tool."""


class _WatchedClients(ModelClients):
    """Clients whose last answer can be read again."""

    def __init__(self) -> None:
        super().__init__()
        self.last_body = b""

    async def client(
        self, base_url: str, policy: EndpointPolicy | None, named_by: str = "the base URL"
    ) -> "HTTPClient":
        """Return a new client that keeps the last body here."""
        made = await super().client(base_url, policy, named_by)
        posted = made.post

        async def post(path: str, content: bytes, headers: Mapping[str, str]) -> "Answer":
            answer = await posted(path, content, headers)
            self.last_body = answer.body
            return answer

        made.post = post  # type: ignore[method-assign]
        return made


class _Calls:
    """Keeps the calls of one question; nothing is reserved for them."""

    def __init__(self) -> None:
        self.made: list[ModelCall] = []

    async def reserve(self, bound: CallBound) -> int:
        """Let the call have all that it asks for."""
        return bound.output_tokens

    def model_called(self, call: ModelCall) -> None:
        """Keep the call."""
        self.made.append(call)


async def ask(endpoint: Endpoint, timeout_seconds: float) -> Asked:
    """Ask the model once, as its endpoint says."""
    clients = _WatchedClients()
    retry = RetryPolicy(max_attempts=1)
    model = CalledModel(endpoint=endpoint, clients=clients, timeout_seconds=timeout_seconds, retry=retry)
    calls, problem, answer, answered = _Calls(), None, None, False
    try:
        decision = await model.decide(_request(timeout_seconds), calls)
        answered = True
        answer = next((action.message for action in decision.actions if isinstance(action, Done)), None)
    except InvalidActionError as error:
        answered, problem = True, f"its answer is no action: {error}"
    except ModelError as error:
        problem = str(error)
    finally:
        await model.close()
    return Asked(
        settings=endpoint.settings,
        calls=tuple(calls.made),
        problem=problem,
        answer=answer,
        answered=answered,
        lacking=clients.lacks.of(endpoint.base_url, endpoint.model),
        called=answered and calls_a_tool(decode(clients.last_body)),
    )


def _request(timeout_seconds: float) -> DecisionRequest:
    return DecisionRequest(
        instruction=INSTRUCTION,
        observation=Observation(SIDE, SIDE, screenshot=_picture()),
        history=(),
        remaining=Remaining(steps=1, seconds=timeout_seconds),
        supported=frozenset(),
    )


def _picture() -> Picture:
    picture = io.BytesIO()
    Image.new("RGB", (SIDE, SIDE), COLOUR).save(picture, "PNG")
    return Picture(picture.getvalue(), SIDE, SIDE, PictureFormat.PNG)
