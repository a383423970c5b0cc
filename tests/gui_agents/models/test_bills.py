"""What is known of the bill of one call, by what its endpoint answered."""

import pytest

from gui_agents.domain.actions import InvalidActionError
from gui_agents.domain.model import ModelError
from gui_agents.models.retry import RetryPolicy
from tests.gui_agents.models.asking import DONE
from tests.scripted_model import ScriptedModelServer, completion, error, raw, text, tool_call, usage

ONCE = RetryPolicy(max_attempts=1)
UNCOUNTED = usage(1000, 0)


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
