"""`gui-agents models check`: asks a model for one tiny decision, and says what its endpoint takes.

The question has a tool and a picture of one colour. If it is refused, it is asked with our tool instead of the
protocol's own one, without tools, and all of these without the picture. What is right is the first question that is
answered at once: its settings are printed as an entry of MODELS_FILE.
"""

import argparse
import asyncio
import io
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Final

import attrs
from PIL import Image

from gui_agents.commands import environment
from gui_agents.commands.exits import CommandError, ExitCode
from gui_agents.commands.output import Output, add_json, printable
from gui_agents.commands.verbs import Verbs, positive
from gui_agents.config import Config
from gui_agents.domain.actions import Done, InvalidActionError
from gui_agents.domain.clock import SystemClock
from gui_agents.domain.errors import RefusedError
from gui_agents.domain.model import BUILTIN_MODEL, DecisionRequest, ModelError, Remaining
from gui_agents.domain.model_settings import ModelSettings, PictureFormat, WireProtocol
from gui_agents.domain.screen import Observation, Picture
from gui_agents.domain.spec import Endpoint, LLMSettings, ModelChoice
from gui_agents.domain.usage import CallBound, ModelCall

if TYPE_CHECKING:
    from gui_agents.models.prices.price_list import PriceList

SIDE: Final = 64
"""Pixels of the picture, either way."""
COLOUR: Final = "red"
INSTRUCTION: Final = (
    "This is a test. The screenshot is of one colour. End the task at once with the action done: its message is the "
    "name of that colour in English, or none if you see no screenshot."
)
REFUSED: Final = re.compile(r"answered (400|404|405|415|422|500|501)\b")
"""In the words of a failure: the statuses with which endpoints refuse what they cannot take."""


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

    @property
    def at_once(self) -> bool:
        """Whether the question was taken as it was."""
        return self.answered and len(self.calls) == 1


@attrs.frozen(kw_only=True)
class Report:
    """What was found out of one model."""

    model: str
    address: str
    protocol: str
    works: bool
    tools: bool | None
    """Whether it takes tools; None if that is not known. The next ones alike."""
    pictures: bool | None
    sees: bool | None
    """Whether it named the colour of the picture."""
    usage: bool | None
    """Whether the endpoint reports tokens."""
    price: str | None
    """The cost of the check with its currency; None if the price of the model is not known."""
    seconds: float | None
    """That the answer took."""
    problem: str | None
    entry: str
    """Of MODELS_FILE; empty if none is needed."""


def add_parser(actions: Verbs) -> None:
    """Add the action."""
    parser = actions.add_parser(
        "check",
        help="ask a model for one tiny decision, and say what its endpoint takes",
        description="Ask a model for one tiny decision with a tool and a picture, which costs next to nothing, and say "
        "what its endpoint takes and which entry of MODELS_FILE it needs.",
    )
    parser.add_argument("model", metavar="PROVIDER/NAME", help="the model, such as openai/gpt-5.4")
    parser.add_argument(
        "--base-url",
        metavar="URL",
        help="ask this endpoint, without a configured key (default: the configured one)",
    )
    parser.add_argument("--timeout", type=positive, metavar="SECONDS", default=60, help="for each call (default: 60)")
    add_json(parser)
    parser.set_defaults(execute=execute)


def execute(arguments: argparse.Namespace) -> ExitCode:
    """Check the model. The command fails if it cannot be used."""
    from gui_agents.models.prices.price_list import PriceList  # noqa: PLC0415 - most verbs know no prices
    from gui_agents.models.settings import SettingsOfModels  # noqa: PLC0415

    effective = environment.loaded()
    choice = _chosen(effective, arguments.model, arguments.base_url)
    endpoint = choice.endpoint
    if endpoint is None:
        raise CommandError(ExitCode.USAGE, f"{BUILTIN_MODEL} calls no endpoint: there is nothing to check")
    prices = PriceList.load(effective.models.prices_file, SettingsOfModels.load(effective.models.models_file))
    asked = asyncio.run(_ask(endpoint, float(arguments.timeout)))
    report = reported(choice.full_name, endpoint, asked, prices)
    if arguments.json:
        Output(as_json=True).record(attrs.asdict(report))
    else:
        for line in _lines(report):
            print(printable(line))
    return ExitCode.DONE if report.works else ExitCode.FAILED


def _chosen(effective: Config, name: str, base_url: str | None) -> ModelChoice:
    from gui_agents.models.http.addresses import EndpointPolicy  # noqa: PLC0415 - most verbs call no model
    from gui_agents.models.registry import ModelFactory  # noqa: PLC0415

    provider, slash, model = name.partition("/")
    if not (slash and provider and model):
        raise CommandError(ExitCode.USAGE, f"the model must be PROVIDER/NAME, such as openai/gpt-4o, not {name!r:.100}")
    named = LLMSettings(provider=provider, model=name if name == BUILTIN_MODEL else model, endpoint=base_url)
    # Whoever runs the command may ask any address that this machine reaches.
    policy = EndpointPolicy(loopback=True, allowed=("0.0.0.0/0", "::/0"))
    factory = ModelFactory(effective.defaults, effective.models, SystemClock(), policy)
    try:
        return factory.choose(named, None, "the model")
    except RefusedError as error:
        raise CommandError(ExitCode.USAGE, str(error)) from error


async def _ask(endpoint: Endpoint, timeout_seconds: float) -> list[Asked]:
    """Ask with less and less, until a question is taken as it is."""
    asked: list[Asked] = []
    for settings in _questions(endpoint.settings):
        asked.append(await _one(attrs.evolve(endpoint, settings=settings), timeout_seconds))
        if asked[-1].at_once or not _refused(asked[-1]):
            break
    return asked


def _questions(settings: ModelSettings) -> Iterator[ModelSettings]:
    """Yield the settings, and then those with less and less of what an endpoint may not take."""
    for pictures in (True, False):
        if pictures and not settings.pictures:
            continue
        asked = attrs.evolve(settings, pictures=pictures)
        yield asked
        if settings.tools and settings.native_tool and settings.protocol is not WireProtocol.CHAT:
            yield attrs.evolve(asked, native_tool=False)
        if settings.tools:
            yield attrs.evolve(asked, tools=False)


def _refused(asked: Asked) -> bool:
    """Tell whether it was the question that was refused, in part at least, so that another one may be taken."""
    return asked.answered or REFUSED.search(asked.problem or "") is not None


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


async def _one(endpoint: Endpoint, timeout_seconds: float) -> Asked:
    from gui_agents.models.caller import CalledModel  # noqa: PLC0415 - most verbs call no model
    from gui_agents.models.retry import RetryPolicy  # noqa: PLC0415

    model = CalledModel(endpoint=endpoint, timeout_seconds=timeout_seconds, retry=RetryPolicy(max_attempts=1))
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


def reported(model: str, endpoint: Endpoint, asked: list[Asked], prices: "PriceList") -> Report:
    """Return what the questions found out."""
    best = next((each for each in asked if each.at_once), next((each for each in asked if each.answered), None))
    calls = [call for each in asked for call in each.calls]
    price = prices.price(endpoint.provider, endpoint.model, public=endpoint.public)
    works = best is not None and best.problem is None
    sees = None if best is None or best.answer is None else COLOUR in best.answer.lower()
    return Report(
        model=model,
        address=endpoint.base_url,
        protocol=str(endpoint.settings.protocol),
        works=works,
        tools=None if best is None else best.settings.tools,
        pictures=None if best is None else best.settings.pictures,
        sees=sees if best is not None and best.settings.pictures else None,
        usage=None if best is None else best.calls[-1].usage is not None,
        price=None
        if price is None
        else f"{sum((price.cost(call.usage) for call in calls if call.usage), Decimal(0))} {price.currency}",
        seconds=None if best is None else round(best.calls[-1].duration_seconds, 2),
        problem=asked[0].problem if best is None else best.problem,
        entry="" if best is None else _entry(model, endpoint.settings, best),
    )


def _entry(model: str, settings: ModelSettings, best: Asked) -> str:
    """Return the entry of MODELS_FILE without which each first task would be refused once."""
    fields = ("tools", "native_tool", "pictures")
    changes = {field: getattr(best.settings, field) for field in fields}
    changes = {field: value for field, value in changes.items() if value != getattr(settings, field)}
    if not changes:
        return ""
    return f'"{model}":' + "".join(f"\n  {field}: {str(value).lower()}" for field, value in changes.items())


def _lines(report: Report) -> Iterator[str]:
    yield f"model     {report.model}"
    yield f"endpoint  {report.address} ({report.protocol})"
    if report.problem is not None:
        yield f"problem   {report.problem}"
    if report.tools is not None:
        yield f"tools     {'yes' if report.tools else 'no: it answers in text'}"
        seen = {True: ", and it sees what is on them", False: ", but it did not name the colour of this one", None: ""}
        yield f"pictures  {f'yes{seen[report.sees]}' if report.pictures else 'no: it gets the list of controls alone'}"
        yield f"tokens    {'reported' if report.usage else 'not reported: its cost stays unknown'}"
        yield f"answered  in {report.seconds} s"
    yield f"price     {'unknown' if report.price is None else f'known; this check cost {report.price}'}"
    if report.entry:
        yield "MODELS_FILE needs this entry:"
        for line in report.entry.splitlines():
            yield f"  {line}"
    elif report.works:
        yield "MODELS_FILE needs no entry"
