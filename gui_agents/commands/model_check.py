"""`gui-agents models check`: asks a model for one tiny decision, and says what its endpoint takes.

The question has a tool and a picture of one colour. What the endpoint refuses of it is left out or changed, by its
words: as a task does by itself, and as only an entry of MODELS_FILE does. If they say nothing that is known, it is
asked with our tool instead of the protocol's own one, without tools, and all of these without the picture. The settings
of the question that was answered are printed as an entry.
"""

import argparse
import asyncio
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import attrs

from gui_agents.commands import environment
from gui_agents.commands.exits import CommandError, ExitCode
from gui_agents.commands.output import Output, add_json, printable
from gui_agents.commands.verbs import Verbs, positive
from gui_agents.config import Config
from gui_agents.domain.clock import SystemClock
from gui_agents.domain.errors import RefusedError
from gui_agents.domain.model import BUILTIN_MODEL
from gui_agents.domain.model_settings import ModelSettings, WireProtocol
from gui_agents.domain.spec import Endpoint, LLMSettings, ModelChoice

if TYPE_CHECKING:
    from gui_agents.commands.model_question import Asked
    from gui_agents.models.prices.price_list import PriceList

MAX_QUESTIONS: Final = 10
BASE_URL: Final = "--base-url"
FIELD: Final = "the model"
IN_OUR_WORDS: Final = {
    f"give {FIELD}.apiKey, or set": "set",
    f"{FIELD}.apiEndpoint": BASE_URL,
    "apiEndpoint": BASE_URL,
    f"{FIELD}.provider": "the provider",
    f"{FIELD}.modelName": "the name",
}
"""What errors of requests say -> what this command takes."""
REFUSED: Final = re.compile(r"answered (400|404|405|415|422|500|501)\b")
"""In the words of a failure: the statuses with which endpoints refuse what they cannot take."""


@attrs.frozen(kw_only=True)
class Report:
    """What was found out of one model."""

    model: str
    address: str
    protocol: str
    works: bool
    tools: bool | None
    """Whether it takes tools; None if that is not known. The next ones alike."""
    called: bool | None
    """Whether the model called one; else the endpoint may just have ignored them."""
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
    from gui_agents.http.addresses import EndpointPolicy  # noqa: PLC0415 - most verbs call no model
    from gui_agents.models.registry import ModelFactory  # noqa: PLC0415

    provider, slash, model = name.partition("/")
    if not (slash and provider and model):
        raise CommandError(ExitCode.USAGE, f"the model must be PROVIDER/NAME, such as openai/gpt-4o, not {name!r:.100}")
    named = LLMSettings(provider=provider, model=name if name == BUILTIN_MODEL else model, endpoint=base_url)
    # Whoever runs the command may ask any address that this machine reaches.
    policy = EndpointPolicy(loopback=True, allowed=("0.0.0.0/0", "::/0"))
    factory = ModelFactory(effective.defaults, effective.models, SystemClock(), policy)
    try:
        return factory.choose(named, None, FIELD)
    except RefusedError as error:
        raise CommandError(ExitCode.USAGE, _told(str(error), base_url)) from error


def _told(text: str, base_url: str | None) -> str:
    """Return the text of a refusal with the words of this command in place of those of requests."""
    for theirs, ours in IN_OUR_WORDS.items():
        text = text.replace(theirs, ours)
    if base_url is not None and "no key" in text:
        text += f"; {BASE_URL} is asked without a configured key: set the variable of the address in place of it"
    return text


async def _ask(endpoint: Endpoint, timeout_seconds: float) -> list["Asked"]:
    """Ask with less and less, until a question is taken as it is."""
    asked: list[Asked] = []
    from gui_agents.commands.model_needs import needed  # noqa: PLC0415 - most verbs call no model
    from gui_agents.commands.model_question import ask  # noqa: PLC0415

    base, left = endpoint.settings, list(_less(endpoint.settings))
    less = left.pop(0)
    for _ in range(MAX_QUESTIONS):
        settings = attrs.evolve(base, **less)
        asked.append(await ask(attrs.evolve(endpoint, settings=settings), timeout_seconds))
        problem = asked[-1].problem or ""
        refused = REFUSED.search(problem)
        if asked[-1].answered or refused is None:
            break
        changes = needed(base, problem[refused.end() :])
        if changes:
            base = attrs.evolve(base, **changes)
        elif left:
            less = left.pop(0)
        else:
            break
    return asked


def _less(settings: ModelSettings) -> Iterator[dict[str, Any]]:
    """Yield changes that leave out nothing, and then more and more of what an endpoint may not take."""
    whole: dict[str, Any] = {}
    for pictures in (whole, {"pictures": False}):
        if pictures and not settings.pictures:
            continue
        yield pictures
        if settings.tools and settings.native_tool and settings.protocol is not WireProtocol.CHAT:
            yield {**pictures, "native_tool": False}
        if settings.tools:
            yield {**pictures, "tools": False}


def reported(model: str, endpoint: Endpoint, asked: list["Asked"], prices: "PriceList") -> Report:
    """Return what the questions found out."""
    from gui_agents.commands.model_needs import entry, without  # noqa: PLC0415 - most verbs call no model
    from gui_agents.commands.model_question import COLOUR  # noqa: PLC0415

    best = next((each for each in asked if each.answered), None)
    taken = None if best is None else attrs.evolve(best.settings, **without(best.settings, best.lacking))
    calls = [call for each in asked for call in each.calls]
    price = prices.price(endpoint.provider, endpoint.model, public=endpoint.public)
    problem = asked[0].problem if best is None else best.problem
    works = best is not None and best.problem is None
    sees = None if best is None or best.answer is None else COLOUR in best.answer.lower()
    return Report(
        model=model,
        address=endpoint.base_url,
        protocol=str(endpoint.settings.protocol),
        works=works,
        tools=None if taken is None else taken.tools,
        called=best.called if best is not None and taken is not None and taken.tools else None,
        pictures=None if taken is None else taken.pictures,
        sees=sees if taken is not None and taken.pictures else None,
        usage=None if best is None else best.calls[-1].usage is not None,
        price=None
        if price is None
        else f"{sum((price.cost(call.usage) for call in calls if call.usage), Decimal(0))} {price.currency}",
        seconds=None if best is None else round(best.calls[-1].duration_seconds, 2),
        problem=problem and problem.replace("apiEndpoint", BASE_URL),
        entry="" if taken is None else entry(model, endpoint.settings, attrs.asdict(taken, recurse=False)),
    )


def _lines(report: Report) -> Iterator[str]:
    yield f"model     {report.model}"
    yield f"endpoint  {report.address} ({report.protocol})"
    if report.problem is not None:
        yield f"problem   {report.problem}"
    if report.tools is not None:
        called = "yes" if report.called else "taken; the model called none"
        yield f"tools     {called if report.tools else 'no: it answers in text'}"
        seen = (
            "yes, and it sees what is on them"
            if report.sees
            else "taken; the model did not name the colour of this one"
        )
        yield f"pictures  {seen if report.pictures else 'no: it gets the list of controls alone'}"
        yield f"tokens    {'reported' if report.usage else 'not reported: its cost stays unknown'}"
        yield f"answered  in {report.seconds} s"
    yield f"price     {'unknown' if report.price is None else f'known; this check cost {report.price}'}"
    if report.entry:
        yield "MODELS_FILE needs this entry:"
        for line in report.entry.splitlines():
            yield f"  {line}"
    elif report.works:
        yield "MODELS_FILE needs no entry"
