"""What an endpoint answered: the body of a chat completion -> one action, a sentence, and usage.

Answers come from outside. Whatever a body holds, the only error is `InvalidActionError`, whose text the model gets.
"""

import json
import re
import string
from collections.abc import Iterator, Mapping
from typing import Any, Final

from gui_agents.domain.action_json import parse
from gui_agents.domain.actions import InvalidActionError
from gui_agents.domain.model import Decision, DecisionRequest
from gui_agents.domain.usage import Usage
from gui_agents.pictures.coordinates import View

TOOL: Final = "act"
MAX_TOKENS: Final = 10**12
"""Above this, or below 0, a count is no count."""
MAX_DIGITS: Final = 18
MAX_CANDIDATES: Final = 50
"""How many opening braces of a text are tried as the start of an object."""
MAX_TEXT: Final = 100_000
"""Characters of a text or of a tool's arguments."""
MAX_SCANNED: Final = 200_000
"""Characters of a text that are read as objects, those that are read again included."""
MAX_RATIONALE: Final = 300
FENCE: Final = "```"
SENTENCE_END: Final = re.compile(r"(?<=[.!?])\s")


def _integer(digits: str) -> float:
    """Read an integer; one that no action can mean becomes a float, infinity for the largest."""
    return int(digits) if len(digits) <= MAX_DIGITS else float(digits)


_DECODER: Final = json.JSONDecoder(parse_int=_integer)


def decode(text: str | bytes) -> Any:
    """Return the value of a JSON text, or None if it is no JSON."""
    try:
        return _DECODER.decode(text.decode("utf-8-sig", "replace") if isinstance(text, bytes) else text.strip())
    except (ValueError, RecursionError):
        return None


def read_usage(body: Any) -> Usage | None:
    """Return the tokens in a completion's body, or None if it does not report both directions.

    The prompt's tokens include the cached ones; more cached ones than there are in the prompt count as all of it.
    """
    usage = _object(_object(body).get("usage"))
    given, output = _tokens(usage.get("prompt_tokens")), _tokens(usage.get("completion_tokens"))
    if given is None or output is None:
        return None
    cached = _tokens(_object(usage.get("prompt_tokens_details")).get("cached_tokens")) or 0
    return Usage(given, min(cached, given), output)


def read_decision(body: Any, request: DecisionRequest) -> Decision:
    """Return the action in a completion's body: the first call of `act`, else the JSON object in its text.

    Raises:
        InvalidActionError: it holds none that this screen and this sandbox can take.
    """
    choices = _object(body).get("choices")
    choice = _object(choices[0]) if isinstance(choices, list) and choices else {}
    message = _object(choice.get("message"))
    text = _text(message)
    calls = message.get("tool_calls")
    if isinstance(calls, list) and calls:
        answer, rationale = _arguments(_object(calls[0])), text
    else:
        answer, rationale = _in_text(text, cut_off=choice.get("finish_reason") == "length")
    seen = request.observation
    if isinstance(answer, Mapping):
        answer = View.of(seen, request.coordinates).read(answer)
    action = parse(answer, width=seen.width, height=seen.height, supported=request.supported)
    return Decision((action,), _sentence(rationale))


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _tokens(value: Any) -> int | None:
    whole = isinstance(value, int) and not isinstance(value, bool)
    return value if whole and 0 <= value <= MAX_TOKENS else None


def _text(message: Mapping[str, Any]) -> str:
    """Return what the message says, also if it comes as a list of parts or as a refusal."""
    content = message.get("content") or message.get("refusal")
    parts = content if isinstance(content, list) else [{"text": content}]
    texts = [_object(part).get("text") for part in parts]
    return "\n".join(text for text in texts if isinstance(text, str))[:MAX_TEXT]


def _arguments(call: Mapping[str, Any]) -> Mapping[str, Any]:
    function = _object(call.get("function"))
    if function.get("name") != TOOL:
        raise InvalidActionError(f"there is one tool, {TOOL}; there is none called {function.get('name')!r:.60}")
    given = function.get("arguments")
    if isinstance(given, str) and len(given) > MAX_TEXT:
        raise InvalidActionError(f"the arguments of {TOOL} must have at most {MAX_TEXT:,} characters")
    answer = decode(given) if isinstance(given, str) else given
    if not isinstance(answer, dict):
        raise InvalidActionError(f"the arguments of {TOOL} must be one JSON object")
    return _encodable(answer)


def _in_text(text: str, *, cut_off: bool) -> tuple[Mapping[str, Any], str]:
    """Return the first object with an action in the text, and the words around it.

    An object that begins inside another one is read again, so an answer of nested halves of objects would take
    quadratic time: what is read is bounded as a whole.
    """
    left = MAX_SCANNED
    for candidate in _candidates(text):
        if left <= 0:
            break
        try:
            answer, end = _DECODER.raw_decode(candidate)
        except json.JSONDecodeError as error:
            left -= error.pos
            continue
        except (ValueError, RecursionError):
            left -= len(candidate)
            continue
        left -= end
        if isinstance(answer, dict) and "action" in answer:
            return _encodable(answer), _without_blocks(text.replace(candidate[:end], ""))
    if cut_off:
        raise InvalidActionError("the answer was cut off before it held an action; answer shorter")
    raise InvalidActionError(f"the answer holds no action; call {TOOL}, or answer with its JSON object alone")


def _candidates(text: str) -> Iterator[str]:
    """Yield what may start with an object: fenced blocks first, then every place with an opening brace."""
    # What stands between two fences, behind the name of its language; by splitting, which takes linear time.
    for block in text.split(FENCE)[1:-1:2][:MAX_CANDIDATES]:
        yield block.lstrip(string.ascii_letters).strip()
    start = text.find("{")
    for _ in range(MAX_CANDIDATES):
        if start < 0:
            return
        yield text[start:]
        start = text.find("{", start + 1)


def _without_blocks(text: str) -> str:
    """Return a text without its fenced blocks; a fence that nothing closes stays."""
    pieces = text.split(FENCE)
    unclosed = pieces[-1:] if len(pieces) % 2 == 0 else []
    return "".join(pieces[: len(pieces) - len(unclosed)][::2] + [FENCE + piece for piece in unclosed])


def _encodable(answer: dict[str, Any]) -> dict[str, Any]:
    """Refuse halves of surrogate pairs, which JSON can spell and no UTF-8 message can carry."""
    try:
        json.dumps(answer, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise InvalidActionError("the answer holds characters that are no Unicode text") from None
    except RecursionError:
        raise InvalidActionError("the answer is nested too deeply") from None
    return answer


def _sentence(text: str) -> str:
    """Return the first sentence, on one line, in characters that UTF-8 can carry."""
    line = " ".join(text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").split())
    return SENTENCE_END.split(line, maxsplit=1)[0][:MAX_RATIONALE]
