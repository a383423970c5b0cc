"""The three protocols, as the contract tests see them: the same answers in the words of each."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from gui_agents.domain.model_settings import WireProtocol
from gui_agents.domain.usage import Usage
from tests import scripted_model as completions
from tests.endpoints import chat, messages, responses
from tests.scripted_model import Answer, Check, RecordedRequest

Fields = Mapping[str, Any]

USED = Usage(1000, 400, 20, 100, 0)
"""What `Spoken.usage` says, in the words of each protocol."""


class Spoken(Protocol):
    """One protocol."""

    wire: WireProtocol
    check: Check
    usage: Fields
    path: str
    key_header: str
    limit: str

    def calls(self, *given: Fields, said: str = "", usage: Fields | None = None, index: int = 0) -> Answer:
        """Answer with these actions, by the computer tool of the protocol where it has one."""

    def text(self, words: str, *, usage: Fields | None = None) -> Answer:
        """Answer in text."""

    def refusal(self, words: str) -> Answer:
        """Answer that the model refuses."""

    def cut_off(self) -> Answer:
        """Answer that was cut off by the limit of tokens."""

    def error(self, status: int, words: str) -> Answer:
        """Answer with an error."""

    def error_as_answer(self, words: str) -> Answer:
        """Answer with status 200, and an overloaded server in the body."""

    def texts(self, request: RecordedRequest) -> list[str]:
        """Return all texts of the conversation, in order."""

    def pictures(self, request: RecordedRequest) -> list[str]:
        """Return all pictures, in base64."""

    def thoughts(self, request: RecordedRequest) -> int:
        """Return how many thoughts the model gets back."""


class Chat:
    """Chat Completions, which has no computer tool."""

    wire = WireProtocol.CHAT
    check = staticmethod(chat.check)
    usage = completions.usage(1000, 20, cached=400) | {
        "prompt_tokens_details": {"cached_tokens": 400, "cache_write_tokens": 100}
    }
    path = "/v1/chat/completions"
    key_header = "authorization"
    limit = "max_tokens"

    def calls(self, *given, said="", usage=None, index=0):
        made = [
            {
                "id": f"call_{index}_{number}",
                "type": "function",
                "function": {"name": "act", "arguments": completions.json.dumps(each)},
            }
            for number, each in enumerate(given)
        ]
        message = {"role": "assistant", "content": said or None, "tool_calls": made}
        return completions.completion(message, usage, "tool_calls")

    def text(self, words, *, usage=None):
        return completions.text(words, usage=usage)

    def refusal(self, words):
        return completions.completion({"role": "assistant", "content": None, "refusal": words}, None, "stop")

    def cut_off(self):
        return completions.text('{"action": "cl', finish_reason="length")

    def error(self, status, words):
        return completions.error(status, words)

    def error_as_answer(self, words):
        return completions.raw(completions.json.dumps({"error": {"message": words, "code": 503}}).encode())

    def texts(self, request):
        contents = [message["content"] for message in request.body["messages"]]
        parts = [[{"type": "text", "text": each}] if isinstance(each, str) else each for each in contents]
        return [part["text"] for each in parts for part in each if part["type"] == "text"]

    def pictures(self, request):
        contents = [message["content"] for message in request.body["messages"]]
        parts = [part for each in contents if isinstance(each, list) for part in each]
        return [part["image_url"]["url"].partition(",")[2] for part in parts if part["type"] == "image_url"]

    def thoughts(self, request):
        return 0


class Messages:
    """Anthropic's Messages."""

    wire = WireProtocol.MESSAGES
    check = staticmethod(messages.check)
    usage = messages.usage(500, 20, read=400, written=100)
    path = "/v1/messages"
    key_header = "x-api-key"
    limit = "max_tokens"

    def calls(self, *given, said="", usage=None, index=0):
        blocks = [messages.text(said)] if said else []
        blocks += [self._call(each, f"toolu_{index}_{number}") for number, each in enumerate(given)]
        return messages.message(messages.thinking(f"sign_{index}"), *blocks, usage=usage)

    def _call(self, given, call_id):
        match dict(given):
            case {"action": "click", "x": x, "y": y}:
                return messages.member("left_click", {"coordinate": [x, y]}, call_id=call_id)
            case {"action": "type", "text": text}:
                return messages.member("type", {"text": text}, call_id=call_id)
            case _:
                return messages.act(given, call_id=call_id)

    def text(self, words, *, usage=None):
        return messages.message(messages.text(words), usage=usage)

    def refusal(self, words):
        details = {"type": "refusal", "category": "cyber", "explanation": words}
        return messages.message(stop_reason="refusal", stop_details=details)

    def cut_off(self):
        return messages.message(messages.member("type"), stop_reason="max_tokens")

    def error(self, status, words):
        return messages.error(status, words)

    def error_as_answer(self, words):
        return messages.error(529, words, answered=200)

    def texts(self, request):
        blocks = [block for message in request.body["messages"] for block in message["content"]]
        inner = [part for block in blocks for part in _parts(block)]
        return [part["text"] for part in inner if part["type"] == "text"]

    def pictures(self, request):
        blocks = [block for message in request.body["messages"] for block in message["content"]]
        inner = [part for block in blocks for part in _parts(block)]
        return [part["source"]["data"] for part in inner if part["type"] == "image"]

    def thoughts(self, request):
        blocks = [block for message in request.body["messages"] for block in message["content"]]
        return sum(block["type"] == "thinking" for block in blocks)


def _parts(block: Fields) -> Sequence[Fields]:
    content = block.get("content")
    if block["type"] != "tool_result":
        return [block]
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


class Responses:
    """OpenAI's Responses."""

    wire = WireProtocol.RESPONSES
    check = staticmethod(responses.check)
    usage = responses.usage(1000, 20, cached=400, written=100, reasoning=15)
    path = "/v1/responses"
    key_header = "authorization"
    limit = "max_output_tokens"

    def calls(self, *given, said="", usage=None, index=0):
        items = [responses.reasoning(f"rs_{index}")]
        items += [responses.text(said)] if said else []
        computer = [self._action(each) for each in given]
        if all(computer):
            items.append(responses.computer(*computer, call_id=f"call_{index}"))
        else:
            items += [self._call(each, f"call_{index}_{number}") for number, each in enumerate(given)]
        return responses.response(*items, usage=usage)

    def _call(self, given, call_id):
        action = self._action(given)
        if action is None:
            return responses.act(given, call_id=call_id)
        return responses.computer(action, call_id=call_id)

    def _action(self, given):
        match dict(given):
            case {"action": "click", "x": x, "y": y}:
                return {"type": "click", "button": "left", "x": x, "y": y}
            case {"action": "type", "text": text}:
                return {"type": "type", "text": text}
            case _:
                return None

    def text(self, words, *, usage=None):
        return responses.response(responses.text(words), usage=usage)

    def refusal(self, words):
        return responses.response(responses.refused(words))

    def cut_off(self):
        return responses.response(
            responses.reasoning(), status="incomplete", incomplete_details={"reason": "max_output_tokens"}
        )

    def error(self, status, words):
        return completions.error(status, words)

    def error_as_answer(self, words):
        return responses.response(status="failed", error={"code": "server_error", "message": words})

    def texts(self, request):
        texts = []
        for item in request.body["input"]:
            if item.get("type") == "function_call_output":
                texts.append(item["output"])
            texts += [part["text"] for part in item.get("content", []) if "text" in part]
        return texts

    def pictures(self, request):
        urls = []
        for item in request.body["input"]:
            if item.get("type") == "computer_call_output":
                urls.append(item["output"]["image_url"])
            urls += [part["image_url"] for part in item.get("content", []) if part["type"] == "input_image"]
        return [url.partition(",")[2] for url in urls]

    def thoughts(self, request):
        return sum(item.get("type") == "reasoning" for item in request.body["input"])


PROTOCOLS: Sequence[Spoken] = (Chat(), Responses(), Messages())
NATIVE: Sequence[Spoken] = (Responses(), Messages())
