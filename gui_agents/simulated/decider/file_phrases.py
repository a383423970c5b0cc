"""What is said about files and notes: made, saved, added to, renamed, deleted, counted, looked for."""

import re
from collections.abc import Sequence
from typing import Final

from gui_agents.simulated.decider.intents import (
    AppendToFile,
    CountFiles,
    DeleteFile,
    FindFile,
    Intent,
    OpenTarget,
    Press,
    RenameFile,
    Save,
    SaveAs,
    SetField,
    Write,
)
from gui_agents.simulated.decider.names import app_named, home_of, is_file_name
from gui_agents.simulated.decider.patterns import FILE, NOTE, THE, always, pressing, rule
from gui_agents.simulated.decider.quotes import Quoted

_PLACE: Final = (
    r"(?:(?:the )?(?:very )?(?:end|bottom) of )?(?:the |my )?(?:text )?(?:file |document )?(?:named |called )?"
)
_BEFORE_NAME: Final = re.compile(_PLACE, re.IGNORECASE)
_AT_THE_END: Final = re.compile(
    r"(?:.* )?(?:to|in|into|of|at|onto) (?:the |my )?(?:file |document )?(\S+?)(?::.*)?", re.IGNORECASE | re.DOTALL
)
_TEXT_OF_A_FILE: Final = re.compile(r"(?:all )?(?:the )?(?:text|contents?|lines?) (?:of|in|from) .*", re.IGNORECASE)
_PRONOUNS: Final = frozenset({"it", "this", "that", "them"})


def put_into(place: str, text: str, quoted: Quoted, *, own_line: bool = False) -> Sequence[Intent] | None:
    """Return what putting a text into a file or the note asks for, or None where `place` is neither."""
    name, words = quoted.restore(_BEFORE_NAME.sub("", place, count=1)), quoted.restore(text)
    if _stands_for_a_file(text):
        return None
    if is_file_name(name):
        return (AppendToFile(name, words, own_line),)
    return (OpenTarget("Notes"), Write(words, own_line)) if app_named(name) == "Notes" else None


def _stands_for_a_file(text: str) -> bool:
    """Tell whether a text names the text of a file, and is not one itself."""
    return is_file_name(text) or _TEXT_OF_A_FILE.fullmatch(text) is not None


def names_a_place(text: str, quoted: Quoted) -> bool:
    """Tell whether a text ends with a place that it belongs to, and so is no text to write as it stands."""
    match = _AT_THE_END.fullmatch(text)
    name = "" if match is None else quoted.restore(match[1])
    return is_file_name(name) or home_of(name) is not None


def _append(match: re.Match[str], quoted: Quoted) -> Sequence[Intent] | None:
    name = quoted.restore(match["name"])
    if home_of(name) is None and app_named(name) is None and not _stands_for_a_file(match["text"]):
        # A name without an ending may mean a file, too; the list of files tells.
        return (AppendToFile(name, quoted.restore(match["text"])),)
    return put_into(name, match["text"], quoted)


def _put_at_the_end(match: re.Match[str], quoted: Quoted) -> Sequence[Intent] | None:
    return put_into(match["name"], match["text"], quoted)


def _put_line(match: re.Match[str], quoted: Quoted) -> Sequence[Intent] | None:
    return put_into(match["name"], match["text"], quoted, own_line=True)


def _put_empty_line(match: re.Match[str], quoted: Quoted) -> Sequence[Intent] | None:
    if match["name"] is None:
        return (Write("", own_line=True),)
    return put_into(match["name"], "", quoted, own_line=True)


def _write_line(match: re.Match[str], quoted: Quoted) -> Sequence[Intent] | None:
    if names_a_place(match["text"], quoted):
        return None
    return (Write(quoted.restore(match["text"]), own_line=True),)


def _create(match: re.Match[str], quoted: Quoted) -> Sequence[Intent]:
    intents: list[Intent] = [OpenTarget("Notes"), Press("New")]
    if match["text"] is not None:
        intents.append(SetField("Note text", quoted.restore(match["text"])))
    if match["name"] is not None:
        intents.append(SaveAs(quoted.restore(match["name"])))
    return intents


def _save_as(match: re.Match[str], quoted: Quoted) -> Sequence[Intent]:
    return (SaveAs(quoted.restore(match[1])),)


def _delete(match: re.Match[str], quoted: Quoted) -> Sequence[Intent]:
    return (DeleteFile(quoted.restore(match["name"]), of_two=match["both"] is not None),)


def _rename(match: re.Match[str], quoted: Quoted) -> Sequence[Intent] | None:
    name, new_name = quoted.restore(match["name"]), quoted.restore(match["new"])
    certain = is_file_name(name) or (is_file_name(new_name) and name.lower() not in _PRONOUNS)
    return (RenameFile(name, new_name),) if certain else None


def _move(match: re.Match[str], quoted: Quoted) -> Sequence[Intent] | None:
    # A file is moved to a place, and there are no folders here: only another file's name means a new name.
    return _rename(match, quoted) if is_file_name(quoted.restore(match["new"])) else None


def _find(match: re.Match[str], quoted: Quoted) -> Sequence[Intent] | None:
    name = quoted.restore(match["name"])
    return None if name.lower() in _PRONOUNS else (FindFile(name),)


def _find_named(match: re.Match[str], quoted: Quoted) -> Sequence[Intent] | None:
    return _find(match, quoted) if is_file_name(quoted.restore(match["name"])) else None


_COUNTED: Final = (
    r"files(?: (?:are|is|there|do|does|exist|exists|remain|contain|contains|can|in|on|the|my|this|i|we|you|see|have|has"
    r"|total|all|altogether|now|left|here|shown|listed|files?|folder|directory|list|app|desktop|computer|disk))*"
)
_ADD: Final = r"(?:append|add|write|put|insert|type|enter)"
_LINE: Final = r"(?:a|an|the|another|one more) (?:new |extra |last )?line"
_SAYING: Final = r"(?: with| saying| reading| containing| that says| that reads)?(?: the (?:text|words?))?:?"
_ON_A_LINE: Final = r"(?:as|on) (?:a|an|its|another) (?:new |own |extra |separate )?line"
_INTO: Final = r"(?:to|in|into|on|onto|at)"
_ASKED: Final = r"(?:tell me|check|see|find out|say|verify) (?:if|whether|that)"
_A_FILE: Final = r"(?:a|an|any|the) (?:text )?(?:file|note|document)(?: (?:that is |which is )?(?:called|named))?"

FILE_RULES: Final = (
    rule(rf"(?:tell me |say |get |find out |check )?how many {_COUNTED}", always(CountFiles())),
    rule(rf"count (?:all )?(?:of )?(?:the |my )?{_COUNTED}", always(CountFiles())),
    rule(
        r"(?:(?:what is|what's|tell me|get|give me|read|report|show me) )?(?:the )?(?:number|count) of (?:the |my )?"
        rf"{_COUNTED}",
        always(CountFiles()),
    ),
    rule(rf"(?:is there|do (?:i|we|you) have|{_ASKED} there is) {_A_FILE} (?P<name>\S+)", _find),
    rule(rf"(?:is there|do (?:i|we|you) have|{_ASKED} there is) (?:a |an |any )?(?P<name>\S+?)(?: file)?", _find_named),
    rule(rf"does (?:{_A_FILE} |the )?(?P<name>\S+?)(?: file)? (?:still )?exist", _find),
    rule(rf"is (?:{_A_FILE} |the )?(?P<name>\S+?)(?: file)? (?:still )?there", _find_named),
    rule(rf"{_ASKED} (?:{_A_FILE} |the )?(?P<name>\S+?)(?: file)? (?:still exists|exists|is (?:still )?there)", _find),
    rule(rf"rename {THE}{FILE}(?P<name>\S+)(?: file)? (?:to|as|into) (?P<new>\S+)", _rename),
    rule(rf"change the (?:file )?name of {THE}{FILE}(?P<name>\S+) (?:to|into) (?P<new>\S+)", _rename),
    rule(rf"move {THE}{FILE}(?P<name>\S+) (?:to|into) (?P<new>\S+)", _move),
    rule(
        r"(?:create|make|start|begin|open) (?:a )?(?:new|blank|empty) note|new note",
        always(OpenTarget("Notes"), Press("New")),
    ),
    rule(
        r"(?:create|make|write|add) (?:a |an )?(?:new )?(?:text )?(?:file|note|document)"
        r"(?: (?:called|named) (?P<name>\S+))?"
        r" (?:with|containing|that says|saying|which says|that contains)(?: the)?(?: text| contents?| words?)? "
        r"(?P<text>.+)",
        _create,
    ),
    rule(
        r"(?:create|make|add) (?:a |an )?(?:new |empty )*(?:text )?(?:file|note|document)"
        r" (?:called|named) (?P<name>\S+)(?P<text>(?!))?",
        _create,
    ),
    rule(
        r"(?:save|store) (?:.{0,40}? )??(?:as|under|to|into|with|in)"
        r"(?: (?:the|a|an))?(?: new)?(?: text)?(?: file| note)?(?: ?name)?(?: of| called| named)? (.+)",
        _save_as,
    ),
    rule(r"(?:save|store|name|call) (?:it|this|the note|the file) (.+)", _save_as),
    rule(rf"save(?: {NOTE})?", always(Save())),
    rule(rf"(?:clear|empty|erase|delete|remove|wipe) (?:all )?{NOTE}|clear", pressing("Clear")),
    rule(
        rf"{_ADD} (?:a|another|one more) (?:new |blank |empty |extra )?line(?: {_INTO} {_PLACE}(?P<name>\S+))?",
        _put_empty_line,
    ),
    rule(rf"{_ADD} {_LINE} {_INTO} {_PLACE}(?P<name>\S+?){_SAYING} (?P<text>.+)", _put_line),
    rule(rf"{_ADD} {_LINE}{_SAYING} (?P<text>.+) {_INTO} {_PLACE}(?P<name>\S+)", _put_line),
    rule(rf"{_ADD} (?P<text>.+) {_INTO} {_PLACE}(?P<name>\S+) {_ON_A_LINE}", _put_line),
    rule(rf"{_ADD} (?P<text>.+) {_ON_A_LINE} {_INTO} {_PLACE}(?P<name>\S+)", _put_line),
    rule(rf"{_ADD} {_LINE}{_SAYING} (?P<text>.+)", _write_line),
    rule(rf"{_ADD} (?P<text>.+) {_INTO} (?:the )?(?:very )?(?:end|bottom) of {_PLACE}(?P<name>\S+)", _put_at_the_end),
    rule(rf"append (?:the (?:text|words?) )?(?P<text>.+) (?:to|onto) {_PLACE}(?P<name>\S+)", _append),
    rule(
        r"(?:delete|remove|erase|trash|get rid of|throw away) (?P<both>both (?:of )?)?"
        rf"{THE}{FILE}(?P<name>.+?)(?: file)?(?: from (?:the )?(?:files|list|disk|desktop)(?: app)?)?",
        _delete,
    ),
)
"""Tried in order."""
