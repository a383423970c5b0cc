"""The table of phrases: pattern by pattern, what one clause asks for.

Patterns see stand-ins instead of quoted texts, and are tried in order. They have no nested repetition, so that the time
that they take grows with a clause's length times its number of joining words; a clause is bounded in length.
"""

import re
from collections.abc import Callable, Sequence
from typing import Final

from gui_agents.models.rules import arithmetic, clauses, quotes
from gui_agents.models.rules.intents import (
    Calculate,
    Choose,
    CloseAll,
    CloseWindow,
    Confirm,
    CountFiles,
    DeleteFile,
    Intent,
    Nothing,
    OpenTarget,
    Pause,
    Press,
    Read,
    ReadFile,
    Save,
    SaveAs,
    ScrollBy,
    SetField,
    Toggle,
    Write,
)
from gui_agents.models.rules.names import APP_NAMES, app_named, home_of, is_file_name, without_article
from gui_agents.models.rules.quotes import Quoted

MAX_CLAUSE_LENGTH: Final = 2000


Builder = Callable[[re.Match[str], Quoted], Sequence[Intent] | None]
"""Makes intents from a match, or declines."""

_THE: Final = r"(?:(?:the|a|an|my|this|that) )?"
_NOTE: Final = (
    r"(?:it|this|that|all|everything|changes|them|(?:the |my |this )?(?:note|notes|text|note text|file|changes))"
)


def parse_clause(text: str, quoted: Quoted) -> Sequence[Intent] | None:
    """Return what one clause asks for, or None where no pattern knows it."""
    if len(text) > MAX_CLAUSE_LENGTH:
        return None
    for pattern, build in _RULES:
        match = pattern.fullmatch(text)
        intents = None if match is None else build(match, quoted)
        if intents is not None:
            return intents
    return None


_NAMED_VALUE: Final = re.compile(
    rf"{_THE}(name|e-?mail|email address|message|size|volume|note text)(?: field)?(?: to| is| as| with| =|:)? (.+)",
    re.IGNORECASE,
)


def named_value(text: str, quoted: Quoted) -> Intent | None:
    """Return what a clause without a verb, such as `name Alice`, asks for."""
    match = _NAMED_VALUE.fullmatch(text)
    return None if match is None else SetField(match[1], quoted.restore(match[2]))


def _nothing(_match: re.Match[str], _quoted: Quoted) -> Sequence[Intent]:
    return (Nothing(),)


def _calculate(match: re.Match[str], quoted: Quoted) -> Sequence[Intent] | None:
    signs = arithmetic.signs(quoted.restore(match[1]))
    return None if signs is None else (Calculate(signs),)


def _calculate_bare(match: re.Match[str], _quoted: Quoted) -> Sequence[Intent] | None:
    signs = arithmetic.signs(match[0])
    return (Calculate(signs),) if signs is not None and arithmetic.has_operator(signs) else None


def _inside_before(match: re.Match[str], quoted: Quoted) -> Sequence[Intent] | None:
    app = app_named(match[1])
    rest = None if app is None else parse_clause(clauses.polished(match[2]), quoted)
    return None if app is None or rest is None else (OpenTarget(app), *rest)


def _inside_behind(match: re.Match[str], quoted: Quoted) -> Sequence[Intent] | None:
    app = app_named(match[2])
    rest = None if app is None else parse_clause(match[1], quoted)
    if app is None or not rest or isinstance(rest[0], CloseWindow):
        return None
    if isinstance(rest[0], SetField) and home_of(rest[0].label) != app:
        return None
    if isinstance(rest[0], Write) and app not in ("Notes", "Calculator"):
        return None
    return rest if isinstance(rest[0], OpenTarget) else (OpenTarget(app), *rest)


def _inside_alone(match: re.Match[str], _quoted: Quoted) -> Sequence[Intent] | None:
    app = app_named(match[1])
    return None if app is None else (OpenTarget(app),)


def _open(match: re.Match[str], quoted: Quoted) -> Sequence[Intent] | None:
    target = quoted.restore(match[1])
    named = re.fullmatch(rf"{_THE}(?:text )?(?:file|note|document) (?:named |called )?(.+)", match[1], re.IGNORECASE)
    behind = re.fullmatch(rf"{_THE}(\S+) (?:file|document)", match[1], re.IGNORECASE)
    if named is not None and app_named(match[1]) is None:
        target = quoted.restore(named[1])
    elif behind is not None and is_file_name(quoted.restore(behind[1])):
        target = quoted.restore(behind[1])
    return (OpenTarget(without_article(target)),)


def _go_to(match: re.Match[str], quoted: Quoted) -> Sequence[Intent] | None:
    app = app_named(quoted.restore(match[1]))
    return None if app is None else (OpenTarget(app),)


def _close(match: re.Match[str], quoted: Quoted) -> Sequence[Intent] | None:
    target = without_article(quoted.restore(match[1] or "it")).lower()
    if target in ("dialog", "dialogue", "popup", "pop-up"):
        return (Press("Cancel"),)
    if target in ("it", "window", "app", "application", "active window", "current window"):
        return (CloseWindow(None),)
    app = app_named(target)
    return None if app is None else (CloseWindow(app),)


def _close_all(_match: re.Match[str], _quoted: Quoted) -> Sequence[Intent]:
    return (CloseAll(),)


def _press(match: re.Match[str], quoted: Quoted) -> Sequence[Intent]:
    count = 1 if match["count"] is None else {"double": 2, "triple": 3}[match["count"].lower()]
    label = quoted.restore(match["label"])
    signs = label.split()
    if len(signs) > 1 and all(len(sign) == 1 or sign.isdigit() for sign in signs):
        return tuple(Press(sign, count) for word in signs for sign in word)
    if len(label) > 1 and label.isdigit():
        return tuple(Press(digit, count) for digit in label)
    return (Press(label, count),)


def _press_label(label: str) -> Builder:
    return lambda _match, _quoted: (Press(label),)


def _press_in(app: str, label: str) -> Builder:
    return lambda _match, _quoted: (OpenTarget(app), Press(label))


def _toggle(*, on: bool, in_settings: bool) -> Builder:
    return lambda match, quoted: (Toggle(quoted.restore(match[1]), on, in_settings),)


def _toggle_to(match: re.Match[str], quoted: Quoted) -> Sequence[Intent]:
    return (Toggle(quoted.restore(match[1]), match[2].lower() in ("on", "enabled"), in_settings=True),)


def _light_mode(_match: re.Match[str], _quoted: Quoted) -> Sequence[Intent]:
    return (Toggle("Dark mode", on=False, in_settings=True),)


def _accept_terms(_match: re.Match[str], _quoted: Quoted) -> Sequence[Intent]:
    return (Toggle("Accept terms", on=True, in_settings=False),)


def _choose(match: re.Match[str], quoted: Quoted) -> Sequence[Intent]:
    return (Choose(quoted.restore(match[1])),)


def _set(match: re.Match[str], quoted: Quoted) -> Sequence[Intent]:
    label, text = quoted.restore(match[1]), quoted.restore(match[2])
    file = _TEXT_OF.sub("", label, count=1)
    if is_file_name(file):
        return OpenTarget(file), SetField("Note text", text), Save()
    return (SetField(label, text),)


def _set_volume(match: re.Match[str], _quoted: Quoted) -> Sequence[Intent]:
    level = match[1].lower()
    return (SetField("Volume", {"maximum": "100", "max": "100", "full": "100", "minimum": "0"}.get(level, level)),)


def _mute(_match: re.Match[str], _quoted: Quoted) -> Sequence[Intent]:
    return (SetField("Volume", "0"),)


def _put(match: re.Match[str], quoted: Quoted) -> Sequence[Intent] | None:
    text, label = quoted.restore(match[1]), quoted.restore(match[2])
    if app_named(label) == "Notes":
        return OpenTarget("Notes"), Write(text)
    if is_file_name(label):
        return OpenTarget(label), Write(text), Save()
    certain = quotes.has_quotes(match[1]) or match[3] or home_of(label) is not None
    return (SetField(label, text),) if certain else None


def _write(match: re.Match[str], quoted: Quoted) -> Sequence[Intent]:
    return (Write(quoted.restore(match[1])),)


def _fill_form(match: re.Match[str], quoted: Quoted) -> Sequence[Intent] | None:
    first = named_value(match[1], quoted)
    return None if first is None else (OpenTarget("Contact Form"), first)


def _create(match: re.Match[str], quoted: Quoted) -> Sequence[Intent]:
    intents: list[Intent] = [OpenTarget("Notes"), Press("New")]
    if match["text"] is not None:
        intents.append(SetField("Note text", quoted.restore(match["text"])))
    if match["name"] is not None:
        intents.append(SaveAs(quoted.restore(match["name"])))
    return intents


def _save(_match: re.Match[str], _quoted: Quoted) -> Sequence[Intent]:
    return (Save(),)


def _save_as(match: re.Match[str], quoted: Quoted) -> Sequence[Intent]:
    return (SaveAs(quoted.restore(match[1])),)


def _delete(match: re.Match[str], quoted: Quoted) -> Sequence[Intent]:
    return (DeleteFile(quoted.restore(match[1])),)


def _confirm(_match: re.Match[str], _quoted: Quoted) -> Sequence[Intent]:
    return (Confirm(),)


def _count(_match: re.Match[str], _quoted: Quoted) -> Sequence[Intent]:
    return (CountFiles(),)


def _read_note(_match: re.Match[str], _quoted: Quoted) -> Sequence[Intent]:
    return (Read("Note text"),)


def _read(match: re.Match[str], quoted: Quoted) -> Sequence[Intent]:
    label = quoted.restore(match[1])
    return (ReadFile(label),) if is_file_name(label) else (Read(label),)


def _read_known(match: re.Match[str], quoted: Quoted) -> Sequence[Intent] | None:
    label = quoted.restore(match[1])
    if is_file_name(without_article(label)):
        return (ReadFile(without_article(label)),)
    return (Read(label),) if home_of(label) is not None and app_named(label) is None else None


def _scroll(match: re.Match[str], _quoted: Quoted) -> Sequence[Intent]:
    notches = min(int(match[2] or "3"), 100)
    return (ScrollBy(notches if match[1].lower() == "down" else -notches),)


def _scroll_to(match: re.Match[str], _quoted: Quoted) -> Sequence[Intent]:
    return (ScrollBy(-100 if match[1].lower() in ("top", "start", "beginning") else 100),)


def _wait(match: re.Match[str], _quoted: Quoted) -> Sequence[Intent]:
    seconds = 1.0 if match[1] is None or not match[1][0].isdigit() else float(match[1])
    return (Pause(seconds / 1000 if (match[2] or "").lower().startswith("m") else seconds),)


def _rule(pattern: str, build: Builder) -> tuple[re.Pattern[str], Builder]:
    return re.compile(pattern, re.IGNORECASE | re.DOTALL), build


_APP: Final = rf"({'|'.join(sorted(APP_NAMES, key=len, reverse=True))})(?: app| application)?"
_FORM_FIELD: Final = r"(name|e-?mail(?: address)?|message|size)(?: field)?"
_TEXT_OF: Final = re.compile(r"(?:the )?(?:text|contents?) (?:of|in) (?:the )?(?:file )?", re.IGNORECASE)
_FIELD_BEHIND: Final = r"((?: (?:text )?(?:field|box|input|area))?)"
_FILE: Final = r"(?:files? |document )?(?:named |called )?"

_RULES: Final = (
    _rule(r"(?:do )?(?:absolutely )?nothing(?: at all)?|no-?op|do no-?op|finish|stop|you are done", _nothing),
    _rule(
        r"(?:calculate|compute|work out|evaluate|solve|find|determine|what is|what's|whats|what does|how much is"
        r"|tell me)"
        r"(?: what| how much)?(?: the (?:value|result) of)? (.+?)(?: (?:equal|equals|make|makes|is|are))?",
        _calculate,
    ),
    _rule(r".+", _calculate_bare),
    _rule(rf"(?:use|open|launch|start) (?:up )?(?:the )?{_APP} (?:to|for) (.+)", _inside_before),
    _rule(rf"(?:in|inside|within|using|with|on) (?:the )?{_APP},? (.+)", _inside_before),
    _rule(rf"(?:in|inside|within|using|with|back to|back in) (?:the )?{_APP}", _inside_alone),
    _rule(rf"(.+) (?:in|in to|into|inside|within|using|with|on|from|of|via) (?:the )?{_APP}", _inside_behind),
    _rule(
        r"(?:tell me |say |get |find out |check )?how many files (?:are|do|does|did|exist|there|can|in)?.*"
        r"|(?:tell me |say |get |find out )?how many files"
        r"|count (?:all )?(?:the |my )?files.*"
        r"|(?:what is|what's|tell me|get|give me|read|report|show me) the (?:number|count) of files.*",
        _count,
    ),
    _rule(r"(?:create|make|start|begin|open) (?:a )?(?:new|blank|empty) note|new note", _press_in("Notes", "New")),
    _rule(
        r"(?:create|make|write|add) (?:a |an )?(?:new )?(?:text )?(?:file|note|document)"
        r"(?: (?:called|named) (?P<name>\S+))?"
        r" (?:with|containing|that says|saying|which says|that contains)(?: the)?(?: text| contents?| words?)? "
        r"(?P<text>.+)",
        _create,
    ),
    _rule(
        r"(?:create|make|add) (?:a |an )?(?:new |empty )*(?:text )?(?:file|note|document)"
        r" (?:called|named) (?P<name>\S+)(?P<text>(?!))?",
        _create,
    ),
    _rule(
        r"(?:save|store) (?:.{0,40}? )??(?:as|under|to|into|with|in)"
        r"(?: (?:the|a|an))?(?: new)?(?: text)?(?: file| note)?(?: ?name)?(?: of| called| named)? (.+)",
        _save_as,
    ),
    _rule(r"(?:save|store|name|call) (?:it|this|the note|the file) (.+)", _save_as),
    _rule(rf"save(?: {_NOTE})?", _save),
    _rule(rf"(?:clear|empty|erase|delete|remove|wipe) (?:all )?{_NOTE}|clear", _press_label("Clear")),
    _rule(
        r"(?:clear|empty|reset) (?:the |all )?(?:contact )?(?:form|fields)|reset(?: it| everything)?",
        _press_label("Reset"),
    ),
    _rule(
        r"submit(?: it| this)?|(?:submit|send)(?: off)? (?:the |this |my )?(?:contact )?form|send it",
        _press_label("Submit"),
    ),
    _rule(r"cancel(?: it| that| this)?(?: ?the dialog)?", _press_label("Cancel")),
    _rule(r"confirm(?: it| that| this| the deletion| the dialog)?|ok|okay|yes", _confirm),
    _rule(r"(?:close|quit|exit) (?:all (?:the |open |of the )?(?:windows|apps)|everything|all)", _close_all),
    _rule(r"minimi[sz]e(?: it| the window| this window)?", _press_label("Minimize")),
    _rule(r"(?:close|shut|quit|exit|leave|dismiss)(?: (?:down )?(.{1,40}))?", _close),
    _rule(
        rf"(?:delete|remove|erase|trash|get rid of|throw away) {_THE}{_FILE}(.+?)(?: file)?"
        r"(?: from (?:the )?(?:files|list|disk|desktop)(?: app)?)?",
        _delete,
    ),
    _rule(r"(?:turn|switch) on (?:both )?(.+)", _toggle(on=True, in_settings=True)),
    _rule(r"(?:turn|switch) off (?:both )?(.+)", _toggle(on=False, in_settings=True)),
    _rule(
        r"(?:set|change|turn|put|adjust|make|raise|lower|increase|decrease|reduce|bring)(?: up| down)?"
        r" (?:the |my )?(?:sound )?(?:volume|sound)(?: level| slider)?(?: up| down)?(?: to| at| =)?"
        r" (\d{1,6}(?:\.\d+)?|max|maximum|full|minimum)(?: ?%| ?percent| per cent)?",
        _set_volume,
    ),
    _rule(r"(?:the )?volume (?:to |at )?(\d{1,3})(?: ?%| ?percent)?", _set_volume),
    _rule(r"mute(?: the)?(?: volume| sound)?|turn (?:the )?(?:sound|volume) off", _mute),
    _rule(r"(?:turn|switch|set) (.+?)(?: to)? (on|off)", _toggle_to),
    _rule(r"(?:switch|change) to (dark) (?:mode|theme)", _toggle(on=True, in_settings=True)),
    _rule(r"(?:switch|change) to (light) (?:mode|theme)", _light_mode),
    _rule(r"(?:enable|activate) (.+)", _toggle(on=True, in_settings=True)),
    _rule(r"(?:disable|deactivate) (.+)", _toggle(on=False, in_settings=True)),
    _rule(rf"(?:make sure|ensure)(?: that)? {_THE}(.+?) is (?:turned |switched )?(on|off)", _toggle_to),
    _rule(rf"(?:check|see|tell me) (?:whether|if) {_THE}(.+?) is (?:turned |switched )?(?:on|off)", _read_known),
    _rule(r"(?:accept|agree to|agree with) (?:the |all )?(?:terms(?: and conditions)?|conditions)", _accept_terms),
    _rule(
        r"(?:check|tick|mark)(?: off)? (?:the )?(?:(?:check)?box (?:for |of |named |labell?ed )?)?(.+)",
        _toggle(on=True, in_settings=False),
    ),
    _rule(
        r"(?:uncheck|untick|unmark|deselect|unselect) (?:the )?(?:(?:check)?box (?:for |of |named )?)?(.+)",
        _toggle(on=False, in_settings=False),
    ),
    _rule(rf"(?:choose|select|pick|highlight) {_THE}(.+?) (?:as|for) (?:the )?size", _choose),
    _rule(rf"(?:choose|select|pick|highlight) {_THE}{_FILE}(.+)", _choose),
    _rule(r"fill (?:in|out) (?:the )?(?:contact )?form (?:with |using )?(?:the )?(.+)", _fill_form),
    _rule(rf"{_THE}{_FORM_FIELD} ?[:=] ?(.+)", _set),
    _rule(rf"(?:enter|input|type|fill in|add|use) (?:the |my ){_FORM_FIELD} (.+)", _set),
    _rule(rf"(?:enter|input|type|fill in|add|use) {_FORM_FIELD} ({quotes.STAND_IN})", _set),
    _rule(
        rf"(?:edit|change|update|make|modify) {_THE}{_FILE}(\S+) (?:so that it|so it|to)"
        r" (?:says?|contains?|reads?|holds?) (.+)",
        _set,
    ),
    _rule(rf"(?:fill in|fill out|fill) {_THE}(.+?) (?:with|as) (.+)", _set),
    _rule(rf"(?:set|change|update|edit|make|replace) {_THE}(.+?) (?:to be|to|with|as|be|=) (.+)", _set),
    _rule(rf"(?:set|make) {_THE}(name|e-?mail|message|size|note text) (.+)", _set),
    _rule(
        r"(?:type|write|enter|put|input|insert|add|fill in|fill|use)(?: the text| the words?)? (.+)"
        rf" (?:in to|into|in|to|as|for|on|inside) {_THE}(.{{1,40}}?)" + _FIELD_BEHIND,
        _put,
    ),
    _rule(
        r"(?:type|write|enter|input|insert|add|append|note down|jot down|write down|note)"
        r"(?: the text| the words?| a note saying| a note that says| in)? (.+)",
        _write,
    ),
    _rule(
        r"(?:tell me |read |report |say )?what (?:does it|it|the note|does the note) (?:says?|contains?|reads?)",
        _read_note,
    ),
    _rule(
        rf"(?:read|report) (?:out |me |back )?what {_THE}{_FILE}(.+?) (?:says?|shows?|contains?|displays?|reads?)",
        _read_known,
    ),
    _rule(
        rf"(?:read|report) (?:out |me |back )?{_THE}(?:contents? of |text (?:of|in|from) )?{_THE}{_FILE}(.+?)"
        r"(?: file)?(?: aloud| out)?",
        _read,
    ),
    _rule(
        r"(?:print|output|display|view|tell me|show me|show|give me|get|say|look at"
        r"|what is|what's|whats|what does|what do)"
        rf"(?: in| inside| the contents? of| the text (?:of|in)| what is in| what's in)? {_THE}{_FILE}(.+?)"
        r"(?: file)?(?: (?:say|says|show|shows|contain|contains|display|displays|read|reads))?",
        _read_known,
    ),
    _rule(rf"is {_THE}(.+?) (?:turned |switched |set )?(?:on|off|enabled|disabled|checked|to)", _read_known),
    _rule(r"(?:open|launch|start|run|fire up|bring up|show)(?: up)? (.+)", _open),
    _rule(r"(?:go to|switch to|go back to|return to|use|visit) (.+)", _go_to),
    _rule(
        r"(?:(?P<count>double|triple)[- ]?)?(?:press|click|tap|hit|push)(?: on| at)?"
        r"(?: (?:the|a))?(?: (?:button|key|keys|buttons|icon))? (?P<label>.+?)(?: (?:button|key|icon))?",
        _press,
    ),
    _rule(r"scroll (up|down)(?: by)?(?: (\d{1,4}))?(?: (?:notch|notches|times|lines|steps))?", _scroll),
    _rule(r"scroll (?:all the way )?to the (top|start|beginning|bottom|end)", _scroll_to),
    _rule(
        r"(?:wait|sleep|pause)(?: for)?(?: (\d{1,6}(?:\.\d{1,6})?|a|one))?"
        r" ?(ms|milliseconds?|s|secs?|seconds?|moment)?",
        _wait,
    ),
)
