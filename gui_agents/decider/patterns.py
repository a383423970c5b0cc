"""The language of the tables of phrases: patterns of words with captures of some kind, and what they stand for.

A pattern is words, `(this|that)`, `[optional]`, `(repeated|words)*`, and captures: `<file>` is one argument of the
deed, `<new:file>` is one with another name than its kind. A colon may stand behind each word. Words in capital
letters are parts that several patterns share.

The time that a match takes grows with the length of the clause alone: in a pattern only one capture of any length has
anything behind it, repeated words exclude each other, and each clause is tried a bounded number of times.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import attrs

from gui_agents.decider.kind import Kind
from gui_agents.decider.quotes import Quoted
from gui_agents.domain.actions import Action

Deed = Callable[..., Iterator[Action]]

_PARTS: Final[Mapping[str, str]] = {
    "THE": "[the|a|an|my|this|that]",
    "FILE": "[file|files|document] [named|called]",
    "AFILE": "(a|an|any|the) [text] (file|note|document) [[that is|which is] (called|named)]",
    "NOTE": "(it|this|that|all|everything|changes|them|[the|my|this] (note|notes|text|note text|file|changes))",
    "COUNTED": "files (are|is|there|do|does|exist|exists|remain|contain|contains|can|in|on|the|my|this|i|we|you|see"
    "|have|has|total|all|altogether|now|left|here|shown|listed|file|files|folder|directory|list|app|desktop|computer"
    "|disk)*",
    "PLACE": "[[the] [very] (end|bottom) of] [the|my] [text] [file|document] [named|called]",
    "INTO": "(to|in|into|on|onto|at)",
    "ONTO": "(in to|into|in|to|as|for|on|inside)",
    "ADD": "(append|add|write|put|insert|type|enter)",
    "ANOTHER": "(a|another|one more) [new|blank|empty|extra] line",
    "LINE": "(a|an|the|another|one more) [new|extra|last] line",
    "OWNLINE": "(as|on) (a|an|its|another) [new|own|extra|separate] line",
    "WORDS": "[the (text|word|words)]",
    "SAYING": "[with|saying|reading|containing|that says|that reads] WORDS",
    "SAYS": "(say|says|show|shows|contain|contains|display|displays|read|reads)",
    "ISTHERE": "(is there|do (i|we|you) have|ASKED there is)",
    "ASKED": "(tell me|check|see|find out|say|verify) (if|whether|that)",
    "WHAT": "(what is|what's|whats|what does)",
    "TELL": "(calculate|compute|work out|evaluate|solve|find|determine|WHAT|how much is|tell me)",
    "SHOW": "(print|output|display|view|tell me|show me|show|give me|get|say|look at|WHAT|what do)",
    "CHANGE": "(edit|change|update|make|modify|set|replace|fill|fill (in|out))",
    "CLOSE": "(close|shut|quit|exit|leave|dismiss)",
    "CHOOSE": "(choose|select|pick|highlight)",
    "DELETE": "(delete|remove|erase|trash|get rid of|throw away)",
    "ENTER": "(enter|input|type|fill in|add|use)",
    "OPEN": "(open|launch|start|run|fire up|bring up|show) [up]",
    "PRESS": "(press|click|tap|hit|push) [on|at] [the|a] [button|key|keys|buttons|icon]",
    "PUT": "(type|write|enter|put|input|insert|add|fill in|fill|use) WORDS",
    "TURN": "(set|change|turn|put|adjust|make|raise|lower|increase|decrease|reduce|bring) [up|down]",
    "WRITE": "(type|write|enter|input|insert|add|append|note down|jot down|write down|note)",
}
_TOKEN: Final = re.compile(r"<(?:(?P<name>\w+):)?(?P<kind>\w+)>|(?P<word>[^\s()|<>*\[\]]+)|(?P<sign>[()|*\[\]])")
_SIGNS: Final = {"(": "(?:", ")": ")", "[": "(?:", "]": ")?", "|": "|", "*": "*"}


@attrs.frozen
class Call:
    """What one clause asks for: a deed and its arguments."""

    deed: Deed
    arguments: Mapping[str, Any] = attrs.field(factory=dict)

    def but(self, **arguments: Any) -> "Call":
        """Return the same with other arguments."""
        return Call(self.deed, {**self.arguments, **arguments})


@attrs.frozen
class Step:
    """One clause and what it asks for."""

    clause: str
    """As it was written; for people."""
    calls: tuple[Call, ...]

    def longer(self, joint: str, text: str) -> "Step":
        """Return the step with more behind the text that it ends with."""
        last = self.calls[-1]
        call = last.but(text=f"{last.arguments['text']}{joint}{text}")
        return Step(f"{self.clause}{joint}{text}", (*self.calls[:-1], call))


class Rule:
    """One pattern and the deed that it asks for."""

    def __init__(self, pattern: str, deed: Deed, arguments: Mapping[str, Any], known: Mapping[str, Kind]) -> None:
        self._call = Call(deed, arguments)
        self._known = known
        """The kinds of captures that there are, by name."""
        self._kinds: dict[str, Kind] = {}
        """Those of this pattern, by the names of the arguments."""
        self._regex = re.compile(self._compiled(pattern), re.IGNORECASE | re.DOTALL)

    def match(self, text: str, quoted: Quoted) -> Call | None:
        """Return what a clause asks for, if the pattern matches the whole of it."""
        match = self._regex.fullmatch(f"{text} ")
        if match is None:
            return None
        captures = {name: raw.strip() for name, raw in match.groupdict().items() if raw is not None}
        arguments = {name: self._kinds[name].read(raw, quoted) for name, raw in captures.items()}
        arguments.pop("_", None)
        return None if None in arguments.values() else self._call.but(**arguments)

    def _compiled(self, pattern: str) -> str:
        return "".join(self._token(token) for token in _TOKEN.finditer(pattern))

    def _token(self, token: re.Match[str]) -> str:
        if token["sign"] is not None:
            return _SIGNS[token["sign"]]
        word = token["word"]
        if word is not None:
            return f"(?:{self._compiled(_PARTS[word])})" if word in _PARTS else f"{re.escape(word)}:? "
        name, kind = token["name"] or token["kind"], self._known[token["kind"]]
        self._kinds[name] = kind
        return f"(?P<{name}>{kind.pattern}){kind.end}"
