"""Calls that a model writes into its text as tags, one for each argument.

    <function=act><parameter=action>click</parameter></function>                (Qwen)
    <invoke name="act"><parameter name="action">click</parameter></invoke>      (Anthropic, MiniMax)
    <tool_call>act<arg_key>action</arg_key><arg_value>click</arg_value></tool_call>    (GLM)

Such a call is read as a whole or refused. Its values are strings, which the parser of actions reads.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import attrs

from gui_agents.domain.actions import InvalidActionError

BEGIN: Final = re.compile(
    r"""(?xi)
    (?P<call>
        <function\s?=\s?["']?(?P<function>[\w.:-]{1,60})["']?\s?>
        | <(?:\w{1,20}:)?invoke\s{1,3}name\s?=\s?["']?(?P<invoke>[\w.:-]{1,60})["']?\s?>
        | <tool_call>\s{0,9}(?P<tool_call>[\w.:-]{1,60})
    )
    \s{0,9}(?=<(?:parameter|arg_key|\w{1,20}:parameter))
    | <(?:(?:\w{1,20}:)?parameter(?:\s{1,3}name)?\s?=|arg_key>|arg_value>)
    """
)
"""Where a call begins, or an argument without one."""
PARAMETER: Final = re.compile(
    r"""(?xi)
    \s{0,9}<(?P<tag>(?:\w{1,20}:)?parameter)(?:\s{1,3}name)?\s?=\s?["']?(?P<name>\w{1,30})["']?\s?>
    | \s{0,9}<arg_key>\s{0,9}(?P<key>\w{1,30})\s{0,9}</arg_key>\s{0,9}<(?P<value>arg_value)>
    """
)
END: Final = re.compile(r"(?i)\s{0,9}</(?:function|(?:\w{1,20}:)?invoke|tool_call)>")
BROKEN: Final = "the call in the text is not whole; call act, or answer with its JSON object alone"


@attrs.frozen
class Tagged:
    """A call that stands in the text from `start` to `end`."""

    start: int
    end: int
    name: str
    arguments: Mapping[str, Any]


def tagged_calls(text: str, objects: Sequence[tuple[int, int]]) -> list[Tagged]:
    """Return the calls that are written as tags, in order; what stands inside of `objects` is no tag.

    Raises:
        InvalidActionError: one of them is not whole.
    """
    calls: list[Tagged] = []
    position = 0
    while (found := BEGIN.search(text, position)) is not None:
        inside = next((end for start, end in objects if start <= found.start() < end), None)
        if inside is not None:
            position = inside
            continue
        if found["call"] is None:
            raise InvalidActionError(BROKEN)
        given, position = _arguments(text, found.end())
        calls.append(Tagged(found.start(), position, found["function"] or found["invoke"] or found["tool_call"], given))
    return calls


def _arguments(text: str, position: int) -> tuple[Mapping[str, Any], int]:
    """Return the arguments from here on, and where the call ends."""
    given: dict[str, Any] = {}
    while (parameter := PARAMETER.match(text, position)) is not None:
        closes = f"</{parameter['tag'] or parameter['value']}>"
        end = text.find(closes, parameter.end())
        name = parameter["name"] or parameter["key"]
        if end < 0 or name in given:
            raise InvalidActionError(BROKEN)
        given[name] = text[parameter.end() : end].removeprefix("\n").removesuffix("\n")
        position = end + len(closes)
    ended = END.match(text, position)
    if ended is None:
        raise InvalidActionError(BROKEN)
    return given, ended.end()
