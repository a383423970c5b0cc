"""What is known of the bill of one call, by what its endpoint answered."""

from fractions import Fraction

import attrs
import pytest

from gui_agents.domain.actions import InvalidActionError, Wait
from gui_agents.domain.model import ModelError, Turn
from gui_agents.domain.model_settings import PictureFormat
from gui_agents.domain.screen import Picture
from gui_agents.models.excess import MAX_FACTOR, MAX_REMEMBERED, KnownExcess
from gui_agents.models.retry import RetryPolicy
from tests.gui_agents.models.asking import DONE
from tests.gui_agents.models.observed import PNG, request
from tests.scripted_model import ScriptedModelServer, completion, error, raw, text, tool_call, usage

ONCE = RetryPolicy(max_attempts=1)
UNCOUNTED = usage(1000, 0)
LARGE_PICTURE = Picture(b"\x89PNG", 3840, 2160, PictureFormat.PNG)
LARGE = request(screenshot=LARGE_PICTURE)
LARGE = attrs.evolve(LARGE, observation=attrs.evolve(LARGE.observation, width=3840, height=2160))
TOKENS = 26_910
"""Of such a picture."""


async def test_a_decision_was_not_written_with_0_tokens(asked):
    async with ScriptedModelServer([tool_call(DONE, usage=UNCOUNTED)]) as server:
        one = asked(server)
        await one.decide()
    assert [call.usage for call in one.calls] == [None]


@pytest.mark.parametrize(
    ("answer", "known"),
    [
        (text("I cannot see it.", usage=UNCOUNTED), False),
        (completion({"role": "assistant", "content": ""}, UNCOUNTED, "stop"), True),
    ],
)
async def test_only_an_answer_of_nothing_was_written_with_0_tokens(asked, answer, known):
    async with ScriptedModelServer([answer]) as server:
        one = asked(server)
        with pytest.raises(InvalidActionError):
            await one.decide()
    assert [call.usage is not None for call in one.calls] == [known]


@pytest.mark.parametrize(
    ("answer", "unbilled", "kept"),
    [
        *((error(status), True, False) for status in (401, 404, 409, 429, 500, 503, 529)),
        *((error(status), True, True) for status in (408, 504, 524)),
        (raw(b'{"error": "Unexpected endpoint"}'), True, False),
        (raw(b'{"error": "Internal server error"}'), True, False),
        (raw(b'{"error": {"message": "upstream timed out", "code": 504}}'), True, True),
        (raw(b'{"choices": null, "base_resp": {"status_code": 9999, "status_msg": "no"}}'), True, False),
        (raw(b'{"code": "InvalidParameter"}'), True, False),
        (raw(b'{"detail": "Method Not Allowed"}'), True, False),
        (raw(b"<html>sign in</html>"), True, False),
        (raw(b"<html>sign in</html>", status=202), True, False),
        (raw(b"", status=202), True, False),
        (raw(b"", status=204), True, False),
        (raw(b'{"error": "x", "choices": [{"message": {"content": "I"}}]}'), False, False),
        (raw(b'{"error": "x", "usage": {"input": 3}}'), False, False),
        (raw(b'{"id": "c-1", "object": "chat.completion"}'), False, False),
        (raw(b"{}"), False, False),
        (raw(b"[]"), False, False),
        (raw(b""), False, False),
        (raw(b'{"choices": [{"mess'), False, False),
        (raw(b"data: {}"), False, False),
    ],
)
async def test_what_was_surely_not_billed(asked, answer, unbilled, kept):
    async with ScriptedModelServer([answer]) as server:
        one = asked(server, retry=ONCE)
        with pytest.raises(ModelError):
            await one.decide()
    assert [(call.unbilled, call.kept) for call in one.calls] == [(unbilled, kept)]


def a_turn(picture):
    return Turn("go", Wait(1.0), "", "ok", picture=picture)


async def reserved(one, *requests):
    """Return the input that is reserved for each of these requests."""
    for each in requests:
        await one.model.decide(each, one.calls)
    return [bound.input_tokens for bound in one.calls.reserved]


async def test_a_smaller_screen_does_not_lower_the_bound_of_older_pictures(asked):
    small, large = request(screenshot=PNG), attrs.evolve(LARGE, history=())
    async with ScriptedModelServer(lambda _: tool_call(DONE)) as server:
        [before] = await reserved(asked(server), small)
        _, after = await reserved(asked(server), large, small)
        [continued] = await reserved(asked(server), attrs.evolve(small, history=(a_turn(LARGE_PICTURE),)))
    assert after - before == TOKENS - 6500
    assert continued - before > TOKENS - 6500


@pytest.mark.parametrize(("configured", "raised"), [(True, True), (False, False)])
async def test_an_endpoint_that_counts_more_than_its_bound_is_reserved_more_from_then_on(asked, configured, raised):
    async with ScriptedModelServer(lambda _: tool_call(DONE, usage=usage(50_000, 5))) as server:
        one = asked(server, configured=configured)
        first, second, third = await reserved(one, *[request(screenshot=PNG)] * 3)
    assert first < 20_000
    assert second == third == (50_000 if raised else first)


def test_few_endpoints_are_remembered():
    known = KnownExcess()
    for number in range(2 * MAX_REMEMBERED):
        known.reported("http://a", "first", bounded=1, input_tokens=10**12)
        known.reported(f"http://{number}", "m", bounded=100, input_tokens=250)
    assert known.factor("http://a", "first") == MAX_FACTOR
    assert known.factor("http://0", "m") == 1
    assert known.factor(f"http://{number}", "m") == Fraction(5, 2)
