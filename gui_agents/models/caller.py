"""A model that is called over HTTP, whatever protocol it speaks.

Each attempt is one HTTP request and is reported exactly once, at the moment it ends and however it ends: an answer, a
refusal, no answer in time, an answer that is no action, or the cancellation of the task, which closes the connection.
"""

import asyncio
import json
import random as random_module
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from gui_agents.config import ModelsConfig
from gui_agents.domain.actions import InvalidActionError
from gui_agents.domain.clock import Clock
from gui_agents.domain.model import Calls, Decision, DecisionRequest
from gui_agents.domain.model_settings import WireProtocol
from gui_agents.domain.secret import MASKED_KEY
from gui_agents.domain.spec import Endpoint, ModelChoice
from gui_agents.domain.usage import CallOutcome, ModelCall, Usage
from gui_agents.models.bounds import call_bound
from gui_agents.models.chat.answers import decode
from gui_agents.models.chat.dialect import ChatDialect
from gui_agents.models.dialect import Dialect
from gui_agents.models.http.addresses import EndpointPolicy
from gui_agents.models.http.clients import HTTPClients
from gui_agents.models.retry import (
    FailedAttemptError,
    RetryPolicy,
    call_with_retries,
    is_retryable,
    retry_after_seconds,
)

if TYPE_CHECKING:
    from gui_agents.models.http.client import Answer, HTTPClient

DIALECTS: Final[Mapping[WireProtocol, Callable[[Endpoint], Dialect]]] = {WireProtocol.CHAT: ChatDialect}
"""What makes the dialect of one task."""
DECODED_AT_ONCE: Final = 16 * 1024
"""Bytes of a body that are decoded on the event loop; the worst body of this size takes 2 ms."""
MAX_PROBLEM: Final = 300
"""Characters of a provider's message that are shown."""
SHORTEST_REDACTED_KEY: Final = 8
"""A shorter key cannot be cut out of a text with certainty; then the provider's text is not shown at all."""
MAX_READ: Final = 10_000
"""Characters of a provider's message that are looked through for keys."""
KEY_BEGIN: Final = re.compile(r"\b(?:sk|key|pk)-(?=\S)")


def _utc_now() -> datetime:
    return datetime.now(UTC)


def called_models(config: ModelsConfig, clock: Clock, policy: EndpointPolicy) -> "Callable[[ModelChoice], CalledModel]":
    """Return what makes the models of one service; they share what is slow to set up."""
    clients = HTTPClients()
    retry = RetryPolicy(max_attempts=config.max_attempts)

    def make(choice: ModelChoice) -> CalledModel:
        assert choice.endpoint is not None  # noqa: S101 - for the type checker: whoever chose it gave its address
        return CalledModel(
            endpoint=choice.endpoint,
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
        clients: HTTPClients | None = None,
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
        self._clients = HTTPClients() if clients is None else clients
        self._timeout_seconds = timeout_seconds
        self._retry = RetryPolicy() if retry is None else retry
        self._monotonic = monotonic
        self._wall_clock = wall_clock
        self._random = random
        self._sleep = sleep
        self._client: HTTPClient | None = None
        self._dialect = DIALECTS[endpoint.settings.protocol](endpoint)

    @property
    def provider(self) -> str:
        """The provider, as metrics spell it."""
        return self._endpoint.provider

    @property
    def takes_screenshots(self) -> bool:
        """Whether the model is sent the screenshot; it gets the accessibility tree in any case."""
        return self._endpoint.settings.pictures

    async def decide(self, request: DecisionRequest, calls: Calls) -> Decision:
        """Return the next action; see `gui_agents.domain.model.Model`."""
        if self._client is None:
            self._client = await self._clients.client(self._endpoint.base_url, self._policy)
        client = self._client
        question = self._limited(self._dialect.question(request), self._endpoint.settings.max_tokens)
        content = _encoded(question)
        bound = call_bound(self._endpoint, question, len(content))

        async def attempt() -> Decision:
            granted = await calls.reserve(bound)
            sent = content if granted == bound.output_tokens else _encoded(self._limited(question, granted))
            return await self._attempt(client, sent, request, calls)

        return await call_with_retries(
            attempt,
            self._retry,
            random=self._random,
            sleep=self._sleep,
        )

    async def close(self) -> None:
        """Close the connections. A second call does nothing."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    def _limited(self, question: Mapping[str, Any], max_tokens: int) -> dict[str, Any]:
        """Return a body that asks for an answer of at most so many tokens."""
        return {**question, self._endpoint.settings.token_field or self._dialect.token_field: max_tokens}

    async def _attempt(self, client: "HTTPClient", content: bytes, request: DecisionRequest, calls: Calls) -> Decision:
        outcome = CallOutcome.ERROR
        usage: Usage | None = None
        started = self._monotonic()
        try:
            async with asyncio.timeout(self._timeout_seconds):
                answer = await client.post(self._dialect.path, content, self._dialect.headers(self._endpoint.api_key))
                body = await self._decoded(answer.body)
            usage = self._dialect.read_usage(body)
            if not HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
                raise self._refused(client.where, answer, body)
            decision = self._dialect.read_decision(body, request)
            outcome = CallOutcome.OK
        except InvalidActionError:
            outcome = CallOutcome.INVALID
            raise
        except TimeoutError as error:
            outcome = CallOutcome.TIMEOUT
            problem = f"{client.where} gave no answer within {self._timeout_seconds:g} s"
            raise FailedAttemptError(problem, retryable=True) from error
        finally:
            calls.model_called(
                ModelCall(self.provider, self._endpoint.model, outcome, usage, max(0.0, self._monotonic() - started))
            )
        return decision

    async def _decoded(self, body: bytes) -> Any:
        if len(body) <= DECODED_AT_ONCE:
            return decode(body)
        return await self._clients.decoding.run(partial(decode, body))

    def _refused(self, where: str, answer: "Answer", body: Any) -> FailedAttemptError:
        said = self._redacted(_provider_message(answer.body if body is None else body))
        return FailedAttemptError(
            f"{where} answered {answer.status}" + (f": {said}" if said else ""),
            retryable=is_retryable(answer.status),
            retry_after_seconds=retry_after_seconds(answer.headers, self._wall_clock()),
        )

    def _redacted(self, text: str) -> str:
        """Return the provider's text in one short line, without our key or anything that looks like one."""
        key = self._endpoint.api_key
        plain = "" if key is None else key.reveal()
        if len(text) > MAX_READ:
            # The cut may go through the key, whose beginning must not stay.
            text = text[: MAX_READ - len(plain)]
        if plain:
            text = text.replace(plain, MASKED_KEY) if len(plain) >= SHORTEST_REDACTED_KEY else ""
        printable = "".join(character if character.isprintable() else " " for character in text)
        return " ".join(map(_masked, printable.split()))[:MAX_PROBLEM]


def _encoded(body: Mapping[str, Any]) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def _masked(word: str) -> str:
    """Return a word without what looks like a key in it."""
    if "**" in word:
        return MASKED_KEY
    begin = KEY_BEGIN.search(word)
    return word if begin is None else word[: begin.start()] + MASKED_KEY


def _provider_message(body: object) -> str:
    """Return the message in an error's body, whatever its shape.

    Words that are no JSON are shown too. A page of HTML is not: it comes from something that is no model's endpoint,
    and is nothing to show to whoever named its address.
    """
    if isinstance(body, bytes):
        body = body[:MAX_READ].decode("utf-8", "replace").strip()
        return "" if body.startswith("<") else body
    if isinstance(body, dict):
        inner = body.get("error", body)
        body = inner.get("message") if isinstance(inner, dict) else inner
    return body if isinstance(body, str) else ""
