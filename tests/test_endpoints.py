"""The loopback endpoints refuse what the real APIs refuse: otherwise a test against them would prove little."""

import copy
import json
import subprocess
import sys
import urllib.request
from urllib.error import HTTPError

import pytest

from tests.endpoints import chat, lybic, messages, responses
from tests.scripted_model import RecordedRequest

PICTURE = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "aGk="}}
RESULT = {
    "type": "tool_result",
    "tool_use_id": "t1",
    "toolset_name": "computer",
    "content": [messages.text("OK"), PICTURE],
}
ASKED = {
    "model": "m",
    "max_tokens": 10,
    "tools": [
        {"type": "computer_toolset_20260801", "configs": {"zoom": {"enabled": False}}},
        {"name": "act", "input_schema": {"type": "object"}},
    ],
    "messages": [
        {"role": "user", "content": [messages.text("Task"), PICTURE]},
        {"role": "assistant", "content": [messages.thinking(), messages.member("screenshot", call_id="t1")]},
        {"role": "user", "content": [RESULT]},
    ],
}
KEYS = {"anthropic-version": "2023-06-01", "x-api-key": "k"}


def sent(body, headers=KEYS, path="/v1/messages"):
    return RecordedRequest(index=0, method="POST", path=path, headers=headers, body=body)


def refusal(check, request):
    """Return the words with which a request is refused; empty if it is not."""
    refused = check(request)
    return "" if refused is None else json.loads(refused.body)["error"]["message"]


def changed(body, *path, to=None):
    """Return a copy with one place set, or removed if there is nothing to set."""
    body = copy.deepcopy(body)
    inner = body
    for step in path[:-1]:
        inner = inner[step]
    if to is None:
        del inner[path[-1]]
    else:
        inner[path[-1]] = to
    return body


def test_a_right_request_of_messages_is_taken():
    assert refusal(messages.check, sent(ASKED)) == ""


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (changed(ASKED, "max_tokens"), "max_tokens: Field required"),
        (changed(ASKED, "max_tokens", to=0.5), "max_tokens"),
        (changed(ASKED, "frequency_penalty", to=1), "frequency_penalty: Extra inputs are not permitted"),
        (changed(ASKED, "tools", 0, "display_width_px", to=1), "display_width_px: Extra inputs"),
        (changed(ASKED, "tools", 0, "name", to="computer"), "name: Extra inputs"),
        (changed(ASKED, "tools", 0, "configs", "dance", to={}), "dance: Extra inputs"),
        (changed(ASKED, "tools", 1, "name", to="computer"), "the toolset's"),
        (changed(ASKED, "tools", 0), "no toolset is declared"),
        (changed(ASKED, "messages", 0), "alternate"),
        (changed(ASKED, "messages", 1), "alternate"),
        (changed(ASKED, "messages", 2), "must end with a user message"),
        (changed(ASKED, "messages", to=[]), "at least one message"),
        (changed(ASKED, "messages", 2, "content", to=[messages.text("Well?")]), "without `tool_result` blocks"),
        (changed(ASKED, "messages", 2, "content", 0, "tool_use_id", to="t2"), "unexpected `tool_use_id`"),
        (changed(ASKED, "messages", 2, "content", to=[RESULT, RESULT]), "single result"),
        (changed(ASKED, "messages", 2, "content", to=[messages.text("Here"), RESULT]), "must come first"),
        (changed(ASKED, "messages", 2, "content", 0, "toolset_name"), "toolset_name"),
        (changed(ASKED, "messages", 2, "content", 0, "is_error", to=True), "type text if is_error"),
        (changed(ASKED, "messages", 0, "content", 0, "text", to=""), "non-empty"),
        (changed(ASKED, "messages", 0, "content", 1, "source", "media_type", to="image/bmp"), "media_type"),
        (changed(ASKED, "messages", 1, "content", 0, "signature"), "signature: Field required"),
        (changed(ASKED, "messages", 1, "content", 1, "input", to=[]), "input must be an object"),
    ],
)
def test_a_wrong_request_of_messages_is_refused(body, words):
    assert words in refusal(messages.check, sent(body))


@pytest.mark.parametrize("header", sorted(KEYS))
def test_messages_needs_its_headers(header):
    assert header in refusal(messages.check, sent(ASKED, {name: KEYS[name] for name in KEYS if name != header}))


SCREENSHOT = {"type": "computer_screenshot", "image_url": "data:image/png;base64,aGk="}
CALL = responses.computer({"type": "screenshot"}, call_id="c1")
THOUGHT = {name: value for name, value in responses.reasoning().items() if value is not None}
OUTPUT = {"type": "computer_call_output", "call_id": "c1", "output": SCREENSHOT}
INPUT = {
    "model": "m",
    "store": False,
    "tools": [{"type": "computer"}],
    "input": [
        {"role": "user", "content": [{"type": "input_text", "text": "Task"}]},
        THOUGHT,
        CALL,
        OUTPUT,
        {"role": "user", "content": [{"type": "input_text", "text": "Go on"}]},
    ],
}
BEARER = {"authorization": "Bearer k"}


def test_a_right_request_of_responses_is_taken():
    assert refusal(responses.check, sent(INPUT, BEARER, "/v1/responses")) == ""


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (changed(INPUT, "messages", to=[]), "messages: Extra inputs"),
        (changed(INPUT, "tools", 0, "display_width", to=1), "display_width: Extra inputs"),
        (changed(INPUT, "tools", to=[]), "computer tool is not declared"),
        (changed(INPUT, "input", 3), "No tool output found for computer call c1."),
        (changed(INPUT, "input", 2), "without its required following item"),
        (changed(changed(INPUT, "input", 2), "input", 1), "No tool call found for computer_call output"),
        (changed(INPUT, "input", 1, "encrypted_content"), "Items are not persisted"),
        (changed(INPUT, "input", 1, "status", to="completed"), "status: Extra inputs"),
        (changed(INPUT, "input", 3, "output", to="done"), "output: must be an object"),
        (changed(INPUT, "input", 3, "output", "image_url", to="http://x.test/a.png"), "no image"),
        (changed(INPUT, "input", 3, "type", to="function_call_output"), "No tool call found for function_call output"),
        (changed(INPUT, "input", 2, "pending_safety_checks", to=[{"id": "s"}]), "have not been acknowledged"),
        (changed(INPUT, "input", 0), "what the user did not say"),
        (changed(INPUT, "max_output_tokens", to=0), "max_output_tokens"),
    ],
)
def test_a_wrong_request_of_responses_is_refused(body, words):
    assert words in refusal(responses.check, sent(body, BEARER, "/v1/responses"))


QUESTION = {"model": "m", "messages": [{"role": "user", "content": "Task"}]}


def test_a_right_request_of_chat_is_taken():
    assert refusal(chat.check, sent(QUESTION, BEARER)) == ""


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (changed(QUESTION, "input", to=[]), "input: Extra inputs"),
        (changed(QUESTION, "max_tokens", to=0), "max_tokens"),
        (changed(QUESTION, "messages", to=[]), "messages"),
        (changed(QUESTION, "messages", 0, "role", to="robot"), "role"),
        (changed(QUESTION, "messages", 0, "role", to="assistant"), "last message"),
        (changed(QUESTION, "messages", 0, "content", to=[{"type": "input_text", "text": "a"}]), "Invalid value"),
    ],
)
def test_a_wrong_request_of_chat_is_refused(body, words):
    assert words in refusal(chat.check, sent(body, BEARER))


@pytest.mark.parametrize("check", [chat.check, responses.check])
def test_without_a_key_a_request_is_refused(check):
    assert check(sent(QUESTION, {}, "/v1/responses")).status == 401


def test_each_protocol_can_be_tried_out_by_hand():
    command = [sys.executable, "-m", "tests.endpoints", "messages", "--output-tokens", "7"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            url = server.stdout.readline().strip()
            first = changed(ASKED, "messages", to=ASKED["messages"][:1])
            body = ask(f"{url}/messages", first)
            assert (body["content"][0]["name"], body["usage"]["output_tokens"]) == ("act", 7)
            with pytest.raises(HTTPError, match="400"):
                ask(f"{url}/messages", changed(first, "max_tokens"))
        finally:
            server.terminate()


def ask(url, body):
    request = urllib.request.Request(url, json.dumps(body).encode(), KEYS)  # noqa: S310 - a loopback address
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
        return json.loads(answer.read())


ORGANIZATION = f"/api/orgs/{lybic.ORGANIZATION}"
WANTED = {"name": "n", "maxLifeSeconds": 60, "shape": "beijing-2c-4g-cpu"}
ACTION = {"type": "mouse:click", "x": {"type": "px", "value": 1}, "y": {"type": "px", "value": 1}, "button": 1}


def asked_of_lybic(method, path, body=None, *, key=lybic.KEY, cloud=None):
    """Return the status with which a cloud of one desktop answers."""
    if cloud is None:
        cloud = lybic.LybicCloud()
        cloud.make()
    headers = {"x-api-key": key, "host": "127.0.0.1"}
    return cloud(RecordedRequest(index=0, method=method, path=path, headers=headers, body=body)).status


def test_lybic_takes_what_is_right():
    assert asked_of_lybic("POST", f"{ORGANIZATION}/sandboxes", WANTED) == 201
    for path in ("/sandboxes", "/shapes", "/sandboxes/SBX-0001", "/sandboxes/SBX-0001/status"):
        assert asked_of_lybic("GET", ORGANIZATION + path) == 200
    assert asked_of_lybic("POST", f"{ORGANIZATION}/sandboxes/SBX-0001/extend", {"maxLifeSeconds": 30}) == 200
    assert asked_of_lybic("POST", f"{ORGANIZATION}/sandboxes/SBX-0001/actions/execute", {"action": ACTION}) == 200
    assert asked_of_lybic("DELETE", f"{ORGANIZATION}/sandboxes/SBX-0001") == 204


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/sandboxes", changed(WANTED, "shape", to="nowhere"), 400),
        ("POST", "/sandboxes", changed(WANTED, "shape"), 400),
        ("POST", "/sandboxes", changed(WANTED, "maxLifeSeconds", to=86_401), 400),
        ("POST", "/sandboxes", changed(WANTED, "color", to="red"), 400),
        ("GET", "/sandboxes/SBX-0002", None, 404),
        ("DELETE", "/sandboxes/SBX-0002", None, 404),
        ("POST", "/sandboxes/SBX-0001/extend", {"maxLifeSeconds": 29}, 400),
        ("POST", "/sandboxes/SBX-0001/actions/execute", {"action": changed(ACTION, "button")}, 400),
        ("POST", "/sandboxes/SBX-0001/actions/execute", {"action": changed(ACTION, "x", to=1)}, 400),
        ("POST", "/sandboxes/SBX-0001/actions/execute", {"action": changed(ACTION, "x", "value", to=1280)}, 400),
        ("POST", "/sandboxes/SBX-0001/actions/execute", {"action": changed(ACTION, "type", to="touch:tap")}, 400),
        ("POST", "/sandboxes/SBX-0001/actions/execute", {"action": changed(ACTION, "button", to="left")}, 400),
        ("PUT", "/sandboxes/SBX-0001", None, 404),
    ],
)
def test_lybic_refuses_what_is_wrong(method, path, body, status):
    assert asked_of_lybic(method, ORGANIZATION + path, body) == status


def test_lybic_refuses_other_accounts_and_sandboxes_that_do_not_run():
    assert asked_of_lybic("GET", f"{ORGANIZATION}/shapes", key="other") == 401
    assert asked_of_lybic("GET", "/api/orgs/ORG-other/shapes") == 403
    cloud = lybic.LybicCloud()
    cloud.make().status = "STOPPED"
    path = f"{ORGANIZATION}/sandboxes/SBX-0001/actions/execute"
    assert asked_of_lybic("POST", path, {"action": ACTION}, cloud=cloud) == 409


def test_lybic_can_be_tried_out_by_hand():
    command = [sys.executable, "-m", "tests.endpoints", "lybic"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            url = server.stdout.readline().strip()
            asked = urllib.request.Request(f"{url}{ORGANIZATION}/shapes", headers={"x-api-key": lybic.KEY})  # noqa: S310
            with urllib.request.urlopen(asked, timeout=10) as answer:  # noqa: S310
                assert len(json.loads(answer.read())) == len(lybic.SHAPES)
        finally:
            server.terminate()
