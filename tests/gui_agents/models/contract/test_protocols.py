"""What holds for a model whatever protocol it speaks, against loopback servers that check each request."""

import asyncio
import json
from base64 import b64encode
from decimal import Decimal
from itertools import pairwise

import attrs
import pytest

from gui_agents.domain.actions import AskUser, Click, Done, Drag, Fail, InvalidActionError, Type
from gui_agents.domain.model import ModelError, ModelRefusedError, Turn
from gui_agents.domain.model_settings import CoordinateSpace, ModelSettings, WireProtocol
from gui_agents.domain.price import Price
from gui_agents.domain.secret import Secret
from gui_agents.domain.spec import Endpoint
from gui_agents.domain.usage import CallOutcome
from gui_agents.models.caller import CalledModel
from tests.endpoints import messages
from tests.fakes import CallBook
from tests.gui_agents.models.contract.protocols import NATIVE, PROTOCOLS, USED
from tests.gui_agents.models.observed import PNG, request
from tests.scripted_model import ScriptedModelServer

KEY = "key-0123456789-abcdef"
CLICK = {"action": "click", "x": 10, "y": 20}
TYPE = {"action": "type", "text": "hello"}
DONE = {"action": "done", "message": "saved"}
PICTURE = b64encode(PNG.data).decode()

every = pytest.mark.parametrize("spoken", PROTOCOLS, ids=lambda spoken: str(spoken.wire))
native = pytest.mark.parametrize("spoken", NATIVE, ids=lambda spoken: str(spoken.wire))


class Task:
    """One task's model in front of a scripted server, and the history that its loop would keep."""

    def __init__(self, server, spoken, **settings):
        self.calls = CallBook()
        self.history: list[Turn] = []
        self.pauses: list[float] = []
        self.model = CalledModel(
            endpoint=Endpoint(
                provider="test",
                model="test-model",
                base_url=server.base_url,
                api_key=Secret(KEY),
                settings=ModelSettings(protocol=spoken.wire, **settings),
            ),
            random=lambda: 0.0,
            sleep=self._sleep,
        )

    async def _sleep(self, seconds):
        self.pauses.append(seconds)

    async def decide(self, **asked):
        decision = await self.model.decide(request(**{"screenshot": PNG, "history": self.history, **asked}), self.calls)
        self.happened(decision)
        return decision

    def happened(self, decision, *outcomes):
        """Note a decision as the loop does; where no outcome is given it went well."""
        told = [*outcomes, *["done"] * len(decision.actions)]
        for action, outcome in zip(decision.actions, told, strict=False):
            self.history.append(Turn("Save the note", action, decision.rationale, outcome))

    def refused(self, error):
        """Note an invalid answer as the loop does."""
        self.history.append(Turn("Save the note", None, "", f"invalid: {error.problem}", error.said))


@pytest.fixture
async def serve():
    """Return what starts a checking server and a task in front of it; no request may be refused."""
    opened = []

    async def start(spoken, script, **settings):
        server = ScriptedModelServer(script, check=spoken.check)
        await server.__aenter__()
        task = Task(server, spoken, **settings)
        opened.append((server, task))
        return server, task

    yield start
    for server, task in opened:
        await task.model.close()
        await server.__aexit__(None, None, None)
        assert [refused.body for refused in server.refused] == []


@every
@pytest.mark.parametrize(
    ("given", "action"),
    [
        (DONE, Done("saved")),
        ({"action": "fail", "message": "no"}, Fail("no")),
        ({"action": "ask_user", "message": "which?"}, AskUser("which?")),
        (CLICK, Click(10, 20)),
        (TYPE, Type("hello")),
    ],
    ids=["done", "fail", "ask_user", "click", "type"],
)
async def test_one_action(serve, spoken, given, action):
    _, task = await serve(spoken, [spoken.calls(given, said="It is time. Really.")])
    decision = await task.decide()
    assert (decision.actions, decision.rationale) == ((action,), "It is time.")


@every
async def test_several_actions_keep_their_order(serve, spoken):
    server, task = await serve(spoken, [spoken.calls(CLICK, TYPE), spoken.calls(DONE)])
    assert (await task.decide()).actions == (Click(10, 20), Type("hello"))
    assert (await task.decide()).actions == (Done("saved"),)
    assert len(server.requests) == 2


@every
async def test_actions_that_were_not_carried_out_are_told(serve, spoken):
    server, task = await serve(spoken, [spoken.calls(CLICK, TYPE), spoken.calls(DONE)])
    decision = await task.model.decide(request(screenshot=PNG), task.calls)
    task.happened(decision, "clicked", "not carried out: a dialog came")
    await task.decide()
    told = "\n".join(spoken.texts(server.requests[-1]))
    assert "clicked" in told
    assert "not carried out: a dialog came" in told


@every
async def test_an_invalid_answer_is_told_and_the_next_one_taken(serve, spoken):
    server, task = await serve(spoken, [spoken.calls({**CLICK, "x": 5000}), spoken.calls(CLICK)])
    with pytest.raises(InvalidActionError, match="leaves the screen") as invalid:
        await task.decide()
    task.refused(invalid.value)
    assert (await task.decide()).actions == (Click(10, 20),)
    assert "leaves the screen" in "\n".join(spoken.texts(server.requests[-1]))
    assert [call.outcome for call in task.calls] == [CallOutcome.INVALID, CallOutcome.OK]


@every
async def test_an_answer_that_was_cut_off_is_invalid_and_names_the_limit(serve, spoken):
    _, task = await serve(spoken, [spoken.cut_off(), spoken.calls(DONE)], max_tokens=77)
    with pytest.raises(InvalidActionError, match="77") as invalid:
        await task.decide()
    task.refused(invalid.value)
    assert (await task.decide()).actions == (Done("saved"),)


@every
async def test_an_answer_that_the_budget_cut_off_names_what_was_granted(serve, spoken):
    _, task = await serve(spoken, [spoken.cut_off()])
    task.calls = CallBook(room=USED.output_tokens)
    with pytest.raises(InvalidActionError) as invalid:
        await task.decide()
    assert f"by {spoken.limit}, which is 20" in invalid.value.problem
    assert invalid.value.problem.endswith("(the budget had room for 20 tokens of output, and not for 4096)")


@every
async def test_a_refusal_ends_once_with_its_words(serve, spoken):
    server, task = await serve(spoken, [spoken.refusal("I must not do that.")])
    with pytest.raises(ModelRefusedError, match=r"I must not do that\."):
        await task.decide()
    assert len(server.requests) == 1


@every
@pytest.mark.parametrize("status", [429, 500, 503, 529])
async def test_passing_trouble_is_tried_again(serve, spoken, status):
    _, task = await serve(spoken, [spoken.error(status, "later"), spoken.calls(DONE, usage=spoken.usage)])
    assert (await task.decide()).actions == (Done("saved"),)
    assert [(call.outcome, call.usage) for call in task.calls] == [(CallOutcome.ERROR, None), (CallOutcome.OK, USED)]
    assert len(task.pauses) == 1


@every
async def test_an_error_in_the_clothes_of_an_answer_is_tried_again(serve, spoken):
    _, task = await serve(spoken, [spoken.error_as_answer("overloaded"), spoken.calls(DONE)])
    assert (await task.decide()).actions == (Done("saved"),)
    assert [call.outcome for call in task.calls] == [CallOutcome.ERROR, CallOutcome.OK]


@every
async def test_a_wrong_key_is_final_and_its_words_are_shown_without_the_key(serve, spoken):
    _, task = await serve(spoken, [spoken.error(401, f"invalid key {KEY}")])
    with pytest.raises(ModelError, match="answered 401: invalid key") as failed:
        await task.decide()
    assert KEY not in str(failed.value)


@every
async def test_a_cancel_closes_the_connection_of_the_call_in_flight(serve, spoken):
    server, task = await serve(spoken, [spoken.calls(DONE).on_release()])
    deciding = asyncio.ensure_future(task.decide())
    await server.wait_for_requests(1)
    deciding.cancel()
    await server.wait_for_disconnects(1)
    with pytest.raises(asyncio.CancelledError):
        await deciding
    assert [call.outcome for call in task.calls] == [CallOutcome.ERROR]


@every
async def test_what_was_used_is_read(serve, spoken):
    _, task = await serve(spoken, [spoken.calls(DONE, usage=spoken.usage)])
    await task.decide()
    assert [call.usage for call in task.calls] == [USED]


@every
async def test_tokens_that_are_not_reported_are_unknown(serve, spoken):
    _, task = await serve(spoken, [spoken.calls(DONE)])
    await task.decide()
    assert [call.usage for call in task.calls] == [None]


@every
async def test_the_picture_is_sent(serve, spoken):
    server, task = await serve(spoken, [spoken.calls(DONE)])
    assert task.model.takes_screenshots
    await task.decide()
    assert spoken.pictures(server.requests[0]) == [PICTURE]


@every
async def test_no_picture_is_sent_to_a_model_that_takes_none(serve, spoken):
    server, task = await serve(spoken, [spoken.text('{"action": "done", "message": "saved"}')], pictures=False)
    assert not task.model.takes_screenshots
    assert (await task.decide()).actions == (Done("saved"),)
    assert spoken.pictures(server.requests[0]) == []


@every
async def test_without_tools_the_model_answers_in_text(serve, spoken):
    answers = [spoken.text('I click. {"action": "click", "x": 10, "y": 20}'), spoken.text("I am done.")]
    server, task = await serve(spoken, answers, tools=False)
    assert (await task.decide()).actions == (Click(10, 20),)
    with pytest.raises(InvalidActionError):
        await task.decide()
    assert all("tools" not in sent.body for sent in server.requests)


@every
async def test_the_limit_of_tokens_is_always_sent(serve, spoken):
    server, task = await serve(spoken, [spoken.calls(DONE)], max_tokens=123)
    await task.decide()
    assert server.requests[0].body[spoken.limit] == 123


@every
async def test_more_fields_and_headers_are_sent(serve, spoken):
    settings = {"extra_body": {"temperature": 0.5}, "headers": {"X-Test": "yes"}}
    server, task = await serve(spoken, [spoken.calls(DONE)], **settings)
    await task.decide()
    assert server.requests[0].body["temperature"] == 0.5
    assert server.requests[0].headers["x-test"] == "yes"


@every
async def test_the_key_and_the_path(serve, spoken):
    server, task = await serve(spoken, [spoken.calls(DONE)])
    await task.decide()
    sent = server.requests[0]
    assert sent.path == spoken.path
    assert sent.headers[spoken.key_header].removeprefix("Bearer ") == KEY


@every
async def test_a_task_that_continues_another_one_knows_what_was_done(serve, spoken):
    server, task = await serve(spoken, [spoken.calls(CLICK), spoken.calls(DONE)])
    task.history = [Turn("Open the notes", Click(1, 2), "There they are", "opened")]
    await task.decide()
    await task.decide()
    told = "\n".join(spoken.texts(server.requests[-1]))
    assert "Task: Open the notes" in told
    assert "There they are" in told
    assert "Task: Save the note" in told


@every
async def test_forty_steps_stay_acceptable_and_bounded(serve, spoken):
    def script(sent):
        return spoken.calls(*([CLICK, TYPE] if sent.index % 3 else [CLICK]), said="On.", index=sent.index)

    server, task = await serve(spoken, script, history_turns=8, history_characters=20_000)
    for _ in range(40):
        await task.decide()
    assert len(server.requests) == 40
    assert max(len(spoken.pictures(sent)) for sent in server.requests) <= 12
    assert max(sum(map(len, spoken.texts(sent))) for sent in server.requests) < 25_000


@every
async def test_a_history_of_which_the_beginning_is_forgotten_stays_acceptable(serve, spoken):
    def script(sent):
        return spoken.calls(CLICK, TYPE, index=sent.index)

    server, task = await serve(spoken, script)
    for _ in range(12):
        await task.decide()
        # What the loop keeps is bounded by bytes, and may be cut in the middle of an answer.
        task.history = task.history[-3:]
    assert len(server.requests) == 12


@every
async def test_the_bill_is_exact(serve, spoken):
    price = Price(input=Decimal("1.25"), cached_input=Decimal("0.20"), output=Decimal("2.50"))
    _, task = await serve(spoken, [spoken.calls(DONE, usage=spoken.usage)])
    await task.decide()
    (call,) = task.calls
    # 600 x 1.25 + 400 x 0.20 + 20 x 2.50, by the million; a price without one for writes bills them as input.
    assert price.cost(call.usage) == Decimal("0.00088")


@every
@pytest.mark.parametrize(
    ("space", "given", "kind"),
    [
        (CoordinateSpace.THOUSAND, {"x": 500, "y": 250, "to_x": 0, "to_y": 1000}, "integer"),
        (CoordinateSpace.UNIT, {"x": 0.5, "y": 0.25, "to_x": 0, "to_y": 1}, "number"),
    ],
)
async def test_a_model_of_other_coordinates_is_asked_and_read_in_them(serve, spoken, space, given, kind):
    answers = [spoken.calls({"action": "drag", **given})]
    server, task = await serve(spoken, answers, native_tool=False, coordinates=space)
    decision = await task.model.decide(request(screenshot=PNG, coordinates=space), task.calls)
    assert decision.actions == (Drag(640, 180, 0, 719),)
    words = json.dumps(server.requests[0].body)
    assert f'"x": {{"type": "{kind}"' in words
    assert "0 to 1" in words
    assert "whole pixels" not in words


@every
async def test_a_picture_that_was_scaled_down_is_read_in_its_own_pixels(serve, spoken):
    small = attrs.evolve(PNG, width=640, height=360)
    server, task = await serve(spoken, [spoken.calls(CLICK), spoken.calls(DONE)])
    assert (await task.decide(screenshot=small)).actions == (Click(21, 41),)
    await task.decide(screenshot=small)
    assert "640 x 360" in "\n".join(spoken.texts(server.requests[0]))


@every
async def test_the_bill_with_tokens_written_to_a_cache_is_exact(serve, spoken):
    rates = {"input": "1.25", "cached_input": "0.20", "cache_write": "1.5625", "output": "2.50"}
    price = Price(**{name: Decimal(rate) for name, rate in rates.items()})
    _, task = await serve(spoken, [spoken.calls(DONE, usage=spoken.usage)])
    await task.decide()
    # 500 x 1.25 + 400 x 0.20 + 100 x 1.5625 + 20 x 2.50, by the million.
    assert price.cost(task.calls[0].usage) == Decimal("0.00091125")


async def test_the_bill_of_anthropic_with_both_kinds_of_writes_is_exact(serve):
    (spoken,) = (each for each in NATIVE if each.wire is WireProtocol.MESSAGES)
    names = ("input", "cached_input", "output", "cache_write", "cache_write_hour")
    price = Price(**dict(zip(names, map(Decimal, ("5", "0.5", "25", "6.25", "10")), strict=True)))
    told = messages.usage(21, 393, read=188_086, written=2051, hour=51)
    _, task = await serve(spoken, [spoken.calls(DONE, usage=told)])
    await task.decide()
    # 21 x 5 + 188,086 x 0.5 + 2,000 x 6.25 + 51 x 10 + 393 x 25, by the million.
    assert price.cost(task.calls[0].usage) == Decimal("0.116983")


@native
async def test_a_text_without_a_call_is_the_last_word(serve, spoken):
    _, task = await serve(spoken, [spoken.text("The note is saved.")])
    assert (await task.decide()).actions == (Done("The note is saved."),)


@native
@pytest.mark.parametrize(
    "words",
    [
        'I will click now. {"action": "click", "x": 10, "y": 20}',
        'I will click:\n```json\n{"action": "click", "x": 10, "y": 20}\n```',
        '<tool_call>{"name": "act", "arguments": {"action": "click", "x": 10, "y": 20}}</tool_call>',
        "<function=act><parameter=action>click</parameter><parameter=x>10</parameter><parameter=y>20</parameter></function>",
    ],
)
async def test_an_action_in_the_text_is_no_last_word(serve, spoken, words):
    _, task = await serve(spoken, [spoken.text(words)])
    assert (await task.decide()).actions == (Click(10, 20),)


@native
@pytest.mark.parametrize(
    "words", ['<invoke name="act"><parameter name="action">click', 'I click {"action": "cl', "left_click(10, 20)"]
)
async def test_half_of_a_call_is_no_last_word(serve, spoken, words):
    _, task = await serve(spoken, [spoken.text(words)])
    with pytest.raises(InvalidActionError, match="the call in the text"):
        await task.decide()


@native
async def test_an_empty_answer_is_invalid(serve, spoken):
    _, task = await serve(spoken, [spoken.text(""), spoken.calls(DONE)])
    with pytest.raises(InvalidActionError, match="empty") as invalid:
        await task.decide()
    task.refused(invalid.value)
    assert (await task.decide()).actions == (Done("saved"),)


@native
async def test_without_the_computer_tool_there_is_act(serve, spoken):
    server, task = await serve(spoken, [spoken.text('{"action": "click", "x": 10, "y": 20}')], native_tool=False)
    assert (await task.decide()).actions == (Click(10, 20),)
    (tool,) = server.requests[0].body["tools"]
    assert tool["name"] == "act"


@native
async def test_an_endpoint_without_the_computer_tool_is_asked_with_act(serve, spoken):
    words = "tools.0: this model does not support the computer tool"

    def script(sent):
        computer = any("computer" in tool["type"] for tool in sent.body["tools"] if "type" in tool)
        return spoken.error(400, words) if computer else spoken.calls({**DONE, "message": f"at {sent.index}"})

    _, task = await serve(spoken, script)
    assert (await task.decide()).actions == (Done("at 1"),)
    assert (await task.decide()).actions == (Done("at 2"),)


@native
async def test_an_endpoint_that_takes_no_tools_any_more_is_asked_in_text(serve, spoken):
    def script(sent):
        if sent.index < 2:
            return spoken.calls(CLICK, index=sent.index)
        if "tools" in sent.body:
            return spoken.error(400, "tools are not supported by this model")
        return spoken.text('{"action": "done", "message": "saved"}')

    server, task = await serve(spoken, script)
    for _ in range(2):
        await task.decide()
    assert (await task.decide()).actions == (Done("saved"),)
    assert "Outcome: done" in "\n".join(spoken.texts(server.requests[-1]))


@native
async def test_the_bound_of_a_call_knows_the_tokens_of_the_computer_tool(serve, spoken):
    server, task = await serve(spoken, [spoken.calls(DONE)], max_tokens=321)
    await task.decide()
    (bound,) = task.calls.reserved
    text = int(server.requests[0].headers["content-length"]) - len(PICTURE)
    # Anthropic's documentation: the toolset adds about 4,590 tokens to a request; a picture is counted as 6,500.
    assert bound.input_tokens - text > 4_590 + 6_500
    assert bound.output_tokens == 321


@native
async def test_what_the_model_wrote_comes_back_and_only_the_end_is_new(serve, spoken):
    server, task = await serve(spoken, lambda sent: spoken.calls(CLICK, index=sent.index))
    for _ in range(5):
        await task.decide()
    assert [spoken.thoughts(sent) for sent in server.requests] == [0, 1, 2, 3, 4]
    texts = [spoken.texts(sent) for sent in server.requests]
    assert all(later[: len(earlier)] == earlier for earlier, later in pairwise(texts))


@native
async def test_old_pictures_leave_many_at_a_time(serve, spoken):
    server, task = await serve(spoken, lambda sent: spoken.calls(CLICK, index=sent.index), history_pictures=3)
    for _ in range(40):
        await task.decide()
    counts = [len(spoken.pictures(sent)) for sent in server.requests]
    assert max(counts) == 10 + 1
    changes = sum(later < earlier for earlier, later in pairwise(counts))
    assert changes <= 40 // 7


@native
async def test_a_call_whose_turn_is_missing_is_told_that_it_was_not_carried_out(serve, spoken):
    server, task = await serve(spoken, [spoken.calls(CLICK, TYPE), spoken.calls(DONE)])
    decision = await task.model.decide(request(screenshot=PNG), task.calls)
    task.happened(attrs.evolve(decision, actions=decision.actions[:1]))
    await task.decide()
    assert len(server.requests) == 2


@native
async def test_an_end_that_did_not_come_leaves_no_call_without_its_result(serve, spoken):
    server, task = await serve(spoken, [spoken.calls(CLICK, DONE, TYPE), spoken.calls(DONE)])
    decision = await task.model.decide(request(screenshot=PNG), task.calls)
    assert decision.actions == (Click(10, 20), Done("saved"))
    task.happened(decision, "error: nothing is there", "not carried out: an action before it failed")
    await task.decide()
    assert len(server.requests) == 2


@native
async def test_an_answer_that_the_loop_did_something_else_with_stays_acceptable(serve, spoken):
    server, task = await serve(spoken, [spoken.calls(CLICK, TYPE), spoken.calls(DONE)])
    decision = await task.model.decide(request(screenshot=PNG), task.calls)
    task.happened(attrs.evolve(decision, actions=(Click(11, 20),)))
    await task.decide()
    assert len(server.requests) == 2
