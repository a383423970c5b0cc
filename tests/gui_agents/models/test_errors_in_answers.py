"""Errors of endpoints, whatever their clothes: the words are shown, and what passes is tried again."""

import json
from contextlib import suppress

import pytest

from gui_agents.domain.actions import Done, InvalidActionError
from gui_agents.domain.model import ModelError, ModelRefusedError
from gui_agents.domain.usage import CallOutcome
from tests.gui_agents.models.asking import DONE, KEY, TOLD, USED
from tests.scripted_model import Answer, ScriptedModelServer, completion, raw, text, tool_call

AGAIN, FINAL = True, False


@pytest.mark.parametrize(
    ("answer", "words", "again"),
    [
        (raw(b'{"error":{"message":"Rate limit exceeded","code":429}}'), "Rate limit exceeded", AGAIN),
        (raw(b'{"error":{"message":"slow","code":"rate_limit_exceeded"}}'), "slow", AGAIN),
        (raw(b'{"error":{"message":"slow","code":"429"}}'), "slow", AGAIN),
        (raw(b'{"error":{"message":"down","type":"server_error"}}'), "down", AGAIN),
        (raw(b'{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}'), "Overloaded", AGAIN),
        (raw(b'{"error":"Unexpected endpoint"}'), "Unexpected endpoint", FINAL),
        (raw(b'{"error":{"message":"bad key","code":401}}'), "bad key", FINAL),
        (raw(b'{"choices":null,"base_resp":{"status_code":1002,"status_msg":"limit"}}'), "limit", AGAIN),
        (raw(b'{"choices":null,"base_resp":{"status_code":1004,"status_msg":"login"}}'), "login", FINAL),
        (
            raw(
                b'{"choices":[{"finish_reason":"error","error":{"code":502,"message":"upstream"},'
                b'"message":{"content":""}}]}'
            ),
            "upstream",
            AGAIN,
        ),
        (raw(b'{"code":500,"msg":"404 NOT_FOUND","success":false}'), "404 NOT_FOUND", AGAIN),
        (raw(b'{"object":"error","message":"no such model","code":404}'), "no such model", FINAL),
        (raw(b'{"detail":"Not Found"}'), "Not Found", FINAL),
        (raw(b'{"choices":[]}'), "no answer", FINAL),
        (raw(b"<html><body>Welcome</body></html>"), "sent a page and no JSON; the base URL may be wrong", FINAL),
        (raw(b'data: {"choices": []}\n\n'), "sent a stream of events", FINAL),
        (raw(b'{"choices":[{"message":{"content":"{\\"act'), "breaks off", AGAIN),
        (raw(b""), "sent an empty answer", AGAIN),
        (raw(b"Ollama is running"), "sent no JSON: Ollama is running", FINAL),
        (raw(b'{"choices":[]}', status=202), "answered 202, which is no answer of a model", FINAL),
        (raw(b"", status=204), "answered 204, which is no answer of a model", FINAL),
    ],
)
async def test_an_error_in_the_clothes_of_an_answer_is_a_failed_attempt(asked, answer, words, again):
    async with ScriptedModelServer([answer, tool_call(DONE)]) as server:
        one = asked(server)
        if again:
            assert (await one.decide()).actions == (Done("ok"),)
            assert len(one.pauses) == 1
        else:
            with pytest.raises(ModelError, match=words):
                await one.decide()
    assert one.outcomes[0] == (CallOutcome.ERROR, None)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'[{"error":{"code":400,"message":"words","status":"INVALID_ARGUMENT"}}]', "words"),
        (b'{"detail":[{"loc":["body"],"msg":"words"}]}', "words"),
        (b'{"detail":{"message":"words"}}', "words"),
        (b'{"errors":[{"message":"words"},{"message":"more"}]}', "words; more"),
        (b'{"errors":["words"]}', "words"),
        (b'{"msg":"words","code":"InvalidParameter"}', "words"),
        (b'{"message":{"message":"words"}}', "words"),
        (b'{"error":{"message":{"detail":"words"}}}', "words"),
        (b'{"error":{"errors":[{"message":"words"}]}}', "words"),
        (b'{"error_msg":"words"}', "words"),
        (b'{"error":"words","message":""}', "words"),
        (
            b'{"error":{"message":"Provider returned error","metadata":{"raw":"it has no tools","provider_name":"x"}}}',
            "Provider returned error; it has no tools",
        ),
        (b"plain words", "plain words"),
        (
            b"<html>400 The plain HTTP request was sent to HTTPS port</html>",
            "The plain HTTP request was sent to HTTPS port; the base URL must begin with https://",
        ),
    ],
)
async def test_the_words_of_an_error_are_found_whatever_its_shape(asked, body, words):
    async with ScriptedModelServer([raw(body, status=418)]) as server:
        with pytest.raises(ModelError, match=rf"answered 418: {words}$"):
            await asked(server).decide()


async def test_a_key_in_an_error_of_status_200_is_masked(asked):
    body = f'{{"error":{{"message":"bad key {KEY}","code":401}}}}'.encode()
    async with ScriptedModelServer([raw(body)]) as server:
        with pytest.raises(ModelError) as caught:
            await asked(server).decide()
    assert str(caught.value).endswith("reports an error: bad key ********")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (completion({"content": None, "refusal": "I cannot help."}, TOLD, "stop"), "I cannot help."),
        (completion({"content": [{"type": "refusal", "refusal": "I will not."}]}, TOLD, "stop"), "I will not."),
        (text("", usage=TOLD, finish_reason="content_filter"), "finish_reason content_filter"),
        (text("Against the rules.", usage=TOLD, finish_reason="SAFETY"), "Against the rules."),
        (
            raw(b'{"choices":[{"finish_reason":"content_filter: PROHIBITED_CONTENT","index":0}]}'),
            "finish_reason content_filter: prohibited_content",
        ),
        (raw(b'{"choices":[{"error":{"code":"content_filter","message":"no"},"message":{}}]}'), "no"),
        (text("<think>so</think>No.", usage=TOLD, finish_reason="refusal"), "No."),
        (
            raw(b'{"error":{"message":"filtered","code":"content_filter","innererror":{}}}', status=400),
            "filtered",
        ),
        (raw(b'{"error":{"message":"no","code":"data_inspection_failed"}}', status=400), "no"),
        (raw(b'{"error":{"message":"no","type":"invalid_request_error","code":"1301"}}', status=400), "no"),
        (raw(b'{"choices":null,"base_resp":{"status_code":1027,"status_msg":"sensitive"}}'), "sensitive"),
    ],
)
async def test_a_refusal_ends_it_once_with_its_words(asked, answer, words):
    async with ScriptedModelServer([answer, tool_call(DONE)]) as server:
        one = asked(server)
        with pytest.raises(ModelRefusedError, match=rf"^the model's endpoint at \S+ refuses: {words}$"):
            await one.decide()
        assert len(server.requests) == 1
    assert one.outcomes[0][0] == CallOutcome.ERROR


async def test_a_refusal_is_billed(asked):
    async with ScriptedModelServer([text("", usage=TOLD, finish_reason="content_filter")]) as server:
        one = asked(server)
        with pytest.raises(ModelRefusedError):
            await one.decide()
    assert one.outcomes == [(CallOutcome.ERROR, USED)]


WRITTEN = '<function=act{"action": "done"}'
FAILED = {"message": "Failed to call a function.", "failed_generation": WRITTEN}


@pytest.mark.parametrize("error", [FAILED, {**FAILED, "code": "tool_use_failed", "type": "invalid_request_error"}])
async def test_a_generation_that_failed_is_an_invalid_answer_and_shown_back(asked, error):
    async with ScriptedModelServer([raw(json.dumps({"error": error}).encode(), status=400)]) as server:
        one = asked(server)
        with pytest.raises(InvalidActionError) as caught:
            await one.decide()
    assert caught.value.problem == "the endpoint could not read the answer: Failed to call a function."
    assert caught.value.said == WRITTEN
    assert one.outcomes == [(CallOutcome.INVALID, None)]
    assert not one.calls[0].unbilled


@pytest.mark.parametrize(
    ("answer", "unbilled"),
    [
        (raw(b"{}", status=401), True),
        (raw(b"{}", status=404), True),
        (raw(b"{}", status=429), True),
        (raw(b"{}", status=503), True),
        (raw(b'{"error":{"message":"x","code":429}}'), True),
        (raw(b'{"error":"x"}'), True),
        (raw(b'{"choices":[{"mess'), False),
        (text("no action"), False),
        (tool_call(DONE), False),
        (Answer(status=400, body=b'{"error":"x","usage":{"prompt_tokens":7,"completion_tokens":1}}'), False),
    ],
)
async def test_what_was_refused_was_not_billed(asked, answer, unbilled):
    async with ScriptedModelServer(lambda _: answer) as server:
        one = asked(server)
        with suppress(ModelError, InvalidActionError):
            await one.decide()
    assert {call.unbilled for call in one.calls} == {unbilled}
