"""Errors of endpoints, whatever their clothes: the words are shown, and what passes is tried again."""

import json
from contextlib import suppress

import pytest

from gui_agents.domain.actions import Done, InvalidActionError
from gui_agents.domain.model import ModelError, ModelRefusedError
from gui_agents.domain.secret import Secret
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
        (raw(b'{"choices":[]}'), "no answer", AGAIN),
        (raw(b'{"choices":[{"text":"{}"}]}'), "no answer", FINAL),
        (raw(b'{"choices":[{"message":{"content":""},"error":"no luck"}]}'), "no luck", AGAIN),
        (completion({"content": ""}, None, "network_error"), "finish_reason network_error", AGAIN),
        (completion({"content": None}, None, "insufficient_system_resource"), "insufficient_system", AGAIN),
        (completion({"content": "<think>so</think>"}, None, "error"), "finish_reason error", AGAIN),
        (completion({"content": ""}, None, "abort"), "finish_reason abort", AGAIN),
        (raw(b'{"error":"rate limit exceeded"}'), "rate limit exceeded", AGAIN),
        (raw(b'{"error":"Internal server error"}'), "Internal server error", AGAIN),
        (raw(b'{"error":{"message":"The service is temporarily overloaded"}}'), "overloaded", AGAIN),
        (raw(b'{"error":"upstream error: 502"}'), "upstream", AGAIN),
        (raw(b'{"choices":null,"message":"busy","statusCode":429}'), "busy", AGAIN),
        (raw(b'{"success":false,"errorCode":"RateLimit","errorMsg":"slow down"}'), "slow down", AGAIN),
        (raw(b'{"success":false,"errorCode":"Nothing","errorMsg":"no such model"}'), "no such model", FINAL),
        (raw(b'"Rate limited"'), "Rate limited", AGAIN),
        (raw(b"upstream connect error or disconnect/reset before headers"), "upstream", AGAIN),
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
        (b'{"errorCode":"x","errorMsg":"words"}', "words"),
        (
            b'{"error":{"message":"gateway","metadata":{"raw":"{\\"error\\":{\\"message\\":\\"words\\"}}"}}}',
            "gateway; words",
        ),
        (b'{"error":{"message":"gateway","metadata":{"raw":"words"}}}', "gateway; words"),
        (b'{"error":{"message":"{\\"detail\\":\\"words\\"}"}}', "words"),
        (b'{"error":{"message":"{half"}}', "{half"),
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


@pytest.mark.parametrize(
    "said",
    [
        b'{"error":{"type":"authentication_error","message":"invalid x-api-key: xai-0123456789abcdefghij..."}}',
        b'Forbidden: key "xai-0123456789abcdefghij+\\/klmnop=" is not allowed',
        b"field-0123456789 is wrong",
    ],
)
async def test_neither_the_key_nor_what_the_settings_add_is_shown(asked, said):
    settings = {"extra_body": {"session": "field-0123456789"}}
    async with ScriptedModelServer([raw(said, status=401)]) as server:
        with pytest.raises(ModelError, match=r"\*{8}") as caught:
            await asked(server, api_key=Secret("xai-0123456789abcdefghij+/klmnop="), settings=settings).decide()
    assert "0123" not in str(caught.value)
    assert "klm" not in str(caught.value)


async def test_what_a_gateway_relays_is_understood(asked):
    relayed = json.dumps({"error": {"message": "this model does not support tools"}})
    error = {"error": {"message": "Provider returned error", "code": 400, "metadata": {"raw": relayed}}}
    async with ScriptedModelServer(
        [raw(json.dumps(error).encode(), status=400), text('{"action":"wait","seconds":1}')]
    ) as server:
        await asked(server).decide()
        assert ["tools" in sent.body for sent in server.requests] == [True, False]


@pytest.mark.parametrize(
    "before", [b": OPENROUTER PROCESSING\n\n" * 3, b"\r\n : so\r\n", b"\xef\xbb\xbf", b":" * 5000 + b"\n"]
)
async def test_comments_that_keep_the_connection_alive_are_passed_over(asked, before):
    async with ScriptedModelServer([raw(before + tool_call(DONE).body)]) as server:
        assert (await asked(server).decide()).actions == (Done("ok"),)


@pytest.mark.parametrize(
    ("body", "pause"),
    [
        (b'{"error":{"message":"Rate limit reached. Please try again in 7.66s."}}', 7.66),
        (b'{"error":{"code":429,"details":[{"@type":"QuotaFailure"},{"@type":"RetryInfo","retryDelay":"7s"}]}}', 7.0),
        (b'{"error":{"message":"slow down"}}', 1.0),
    ],
)
async def test_a_pause_that_stands_only_in_the_body_is_made(asked, body, pause):
    async with ScriptedModelServer([raw(body, status=429), tool_call(DONE)]) as server:
        one = asked(server)
        await one.decide()
    assert one.pauses == [pause]
