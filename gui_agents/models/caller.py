"""A model that is called over HTTP, whatever protocol it speaks.

Each attempt is one HTTP request and is reported exactly once, at the moment it ends and however it ends: an answer, a
refusal, no answer in time, an answer that is no action, or the cancellation of the task, which closes the connection.
"""

import asyncio
import random as random_module
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import attrs

from gui_agents.config import ModelsConfig
from gui_agents.domain.actions import InvalidActionError
from gui_agents.domain.clock import Clock
from gui_agents.domain.model import Calls, Decision, DecisionRequest
from gui_agents.domain.model_settings import WireProtocol
from gui_agents.domain.providers import provider_row
from gui_agents.domain.spec import Endpoint, ModelChoice
from gui_agents.domain.usage import CallOutcome, ModelCall
from gui_agents.http.addresses import EndpointPolicy
from gui_agents.http.decoding import decode
from gui_agents.http.errors import NoAnswerError
from gui_agents.http.masking import hidden_words
from gui_agents.http.pauses import retry_after_seconds
from gui_agents.models.answers.tokens import counted
from gui_agents.models.bounds import bound_of, limited
from gui_agents.models.chat.dialect import ChatDialect
from gui_agents.models.clients import ModelClients
from gui_agents.models.dialect import Dialect
from gui_agents.models.encoding import encoded
from gui_agents.models.failures import FailedAttemptError
from gui_agents.models.features import Feature, Lacking, lacked
from gui_agents.models.messages.dialect import MessagesDialect
from gui_agents.models.reading import Reader
from gui_agents.models.responses.dialect import ResponsesDialect
from gui_agents.models.retry import RetryPolicy, call_with_retries
from gui_agents.models.unbilled import GAVE_UP_WAITING

if TYPE_CHECKING:
    from gui_agents.http.client import Answer, HTTPClient

DIALECTS: Final[Mapping[WireProtocol, Callable[[Endpoint], Dialect]]] = {
    WireProtocol.CHAT: ChatDialect,
    WireProtocol.RESPONSES: ResponsesDialect,
    WireProtocol.MESSAGES: MessagesDialect,
}
"""What makes the dialect of one task."""
DECODED_AT_ONCE: Final = 16 * 1024
"""Bytes of a body that are decoded on the event loop; the worst body of this size takes 2 ms."""
MAX_COMMENTS: Final = 1000
"""Lines before the JSON of a body, empty ones included."""


def _utc_now() -> datetime:
    return datetime.now(UTC)


def called_models(config: ModelsConfig, clock: Clock, policy: EndpointPolicy) -> "Callable[[ModelChoice], CalledModel]":
    """Return what makes the models of one service; they share what is slow to set up."""
    clients = ModelClients(clock.monotonic)
    retry = RetryPolicy(max_attempts=config.max_attempts)

    def make(choice: ModelChoice) -> CalledModel:
        assert choice.endpoint is not None  # noqa: S101 - for the type checker: whoever chose it gave its address
        settings = attrs.evolve(choice.endpoint.settings, confirmation=config.confirm_actions)
        return CalledModel(
            endpoint=attrs.evolve(choice.endpoint, settings=settings),
            clients=clients,
            timeout_seconds=config.timeout_seconds,
            retry=retry,
            monotonic=clock.monotonic,
            policy=None if choice.endpoint.configured else policy,
        )

    return make


class CalledModel:
    """A model at `endpoint`; one instance serves one task.

    Models of one event loop share `clients`, and with it what is slow to set up. `timeout_seconds` bounds each
    attempt as a whole. `random` returns numbers from 0 to 1.
    """

    def __init__(
        self,
        *,
        endpoint: Endpoint,
        clients: ModelClients | None = None,
        timeout_seconds: float = 120.0,
        retry: RetryPolicy | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], datetime] = _utc_now,
        random: Callable[[], float] = random_module.random,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        policy: EndpointPolicy | None = None,
    ) -> None:
        self._policy = policy
        self._endpoint = endpoint
        self._clients = ModelClients() if clients is None else clients
        self._timeout_seconds = timeout_seconds
        self._retry = RetryPolicy() if retry is None else retry
        self._monotonic = monotonic
        self._wall_clock = wall_clock
        self._random = random
        self._sleep = sleep
        self._client: HTTPClient | None = None
        self._dialect = DIALECTS[endpoint.settings.protocol](endpoint)
        self._largest = (0, 0)
        """Width and height of the largest picture that a question may hold, in pixels."""
        self._hidden = hidden_words(endpoint.settings.headers, endpoint.settings.extra_body)

    @property
    def provider(self) -> str:
        """The provider, as metrics spell it."""
        return self._endpoint.provider

    @property
    def takes_screenshots(self) -> bool:
        """Whether the model is sent the screenshot; it gets the accessibility tree in any case."""
        return self._endpoint.settings.pictures and Feature.PICTURES not in self._lacking()

    async def decide(self, request: DecisionRequest, calls: Calls) -> Decision:
        """Return the next actions; see `gui_agents.domain.model.Model`."""
        if self._client is None:
            self._client = await self._clients.client(self._endpoint.base_url, self._policy, _named_by(self._endpoint))
        lacking = known = self._lacking()
        asking = _Asking(self._client, request, calls, self._monotonic() + request.remaining.seconds, known)
        while True:
            try:
                return await self._asked_with_retries(asking, lacking)
            except _LackingError as refused:
                lacking |= {refused.feature}

    async def close(self) -> None:
        """Close the connections. A second call does nothing."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    def _lacking(self) -> Lacking:
        return self._clients.lacks.of(self._endpoint.base_url, self._endpoint.model)

    async def _asked_with_retries(self, asking: "_Asking", lacking: Lacking) -> Decision:
        question = self._question(asking.request, lacking)
        content = encoded(question)
        return await call_with_retries(
            lambda: self._attempt(asking, question, content, lacking),
            self._retry,
            random=self._random,
            sleep=self._sleep,
            left_seconds=lambda: asking.deadline - self._monotonic(),
        )

    def _question(self, request: DecisionRequest, lacking: Lacking) -> dict[str, Any]:
        """Return the body of a request. A field that the settings give as null is left out."""
        added = self._endpoint.settings.extra_body
        question = {**self._dialect.question(request, lacking), **added}
        return {name: value for name, value in question.items() if value is not None or name not in added}

    def _headers(self) -> dict[str, str]:
        """Return the headers of a request; one of the settings replaces one of the dialect, however it is spelled."""
        added = self._endpoint.settings.headers
        replaced = {name.lower() for name in added}
        own = self._dialect.headers(self._endpoint.api_key)
        return {**{name: value for name, value in own.items() if name.lower() not in replaced}, **added}

    async def _attempt(
        self, asking: "_Asking", question: Mapping[str, Any], content: bytes, lacking: Lacking
    ) -> Decision:
        at, model = self._endpoint.base_url, self._endpoint.model
        self._see(asking.request)
        bound = bound_of(self._endpoint, question, content, self._largest, self._clients.excess.factor(at, model))
        granted = await asking.calls.reserve(bound)
        if granted < bound.output_tokens:
            content = encoded(limited(self._endpoint, question, granted))
        outcome, usage, unbilled, kept = CallOutcome.ERROR, None, False, False
        started = self._monotonic()
        try:
            async with asyncio.timeout(self._timeout_seconds):
                answer = await self._posted(asking.client, content)
                body = await self._decoded(answer.body)
            usage = self._dialect.read_usage(body)
            pause = retry_after_seconds(answer.headers, self._wall_clock())
            reader = Reader(asking.client.where, self._endpoint.api_key, self._dialect, self._hidden)
            decision = reader.decision(answer, body, asking.request, pause, granted)
            outcome = CallOutcome.OK
            usage = counted(usage)
        except InvalidActionError as error:
            outcome = CallOutcome.INVALID
            usage = counted(usage) if error.said else usage
            self._remember(lacking - asking.known)
            if granted < bound.output_tokens and (usage is None or usage.output_tokens >= granted):
                lowered = f"the budget had room for {granted} tokens of output, and not for {bound.output_tokens}"
                raise InvalidActionError(f"{error.problem} ({lowered})", said=error.said) from None
            raise
        except FailedAttemptError as failed:
            unbilled = failed.unbilled and usage is None
            kept = failed.status in GAVE_UP_WAITING
            feature = self._refused_feature(failed, asking.request, question, lacking)
            if feature is None:
                raise
            raise _LackingError(feature) from failed
        except TimeoutError as error:
            outcome = CallOutcome.TIMEOUT
            problem = f"{asking.client.where} gave no answer within {self._timeout_seconds:g} s"
            raise FailedAttemptError(problem, retryable=True) from error
        finally:
            taken = max(0.0, self._monotonic() - started)
            if usage is not None and self._endpoint.configured:
                # Others could bring their own bounds to any height.
                self._clients.excess.reported(at, model, bounded=bound.input_tokens, input_tokens=usage.input_tokens)
            asking.calls.model_called(ModelCall(self.provider, model, outcome, usage, taken, unbilled, kept))
        self._remember(lacking - asking.known)
        return decision

    async def _posted(self, client: "HTTPClient", content: bytes) -> "Answer":
        try:
            return await client.post(self._dialect.path, content, self._headers())
        except NoAnswerError as error:
            raise FailedAttemptError(error.problem, retryable=error.passing, unbilled=error.unsent) from error

    def _see(self, request: DecisionRequest) -> None:
        """Note the sizes of what the model is shown; its dialect may show it again in each question to come."""
        seen = request.observation
        sizes = [self._largest, (seen.width, seen.height)]
        sizes += [(turn.picture.width, turn.picture.height) for turn in request.history if turn.picture is not None]
        self._largest = max(width for width, _ in sizes), max(height for _, height in sizes)

    def _remember(self, lacking: Lacking) -> None:
        self._clients.lacks.remember(self._endpoint.base_url, self._endpoint.model, lacking)

    def _refused_feature(
        self, failed: FailedAttemptError, request: DecisionRequest, question: Mapping[str, Any], lacking: Lacking
    ) -> Feature | None:
        """Return the feature without which the endpoint may take the question, if it refuses one that is in it."""
        for feature in lacked(failed.said, failed.status):
            if feature not in lacking and self._question(request, lacking | {feature}) != question:
                return feature
        return None

    async def _decoded(self, body: bytes) -> Any:
        if len(body) <= DECODED_AT_ONCE:
            return _decoded(body)
        return await self._clients.decoding.run(partial(_decoded, body))


def _decoded(body: bytes) -> Any:
    """Return the value of a body's JSON, or None; comments of an event stream may stand before it.

    OpenRouter sends some to keep the connection alive while a model thinks.
    """
    begin = 0
    for _ in range(MAX_COMMENTS):
        end = body.find(b"\n", begin) + 1
        line = body[begin:end].strip()
        if not end or (line and not line.startswith(b":")):
            break
        begin = end
    return decode(body[begin:])


def _named_by(endpoint: Endpoint) -> str:
    """Return what a user changes to change the address."""
    row = provider_row(endpoint.provider) if endpoint.configured else None
    return "apiEndpoint" if row is None else row.address_variables[0]


@attrs.frozen
class _Asking:
    """One decision that is asked for."""

    client: "HTTPClient"
    request: DecisionRequest
    calls: Calls
    deadline: float
    """Of the task, on the monotonic clock."""
    known: Lacking
    """What the endpoint was known to lack before."""


class _LackingError(Exception):
    """The endpoint refused a question because of `feature`."""

    def __init__(self, feature: Feature) -> None:
        super().__init__(feature)
        self.feature = feature
