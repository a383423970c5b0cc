"""The table of phrases: pattern by pattern, what one clause asks for.

Patterns are tried in order. What the time that they take grows with is bounded by the length of a clause; see
`gui_agents.simulated.decider.patterns`.
"""

import re
from collections.abc import Sequence
from typing import Final

from gui_agents.simulated.decider import arithmetic, clauses, quotes
from gui_agents.simulated.decider.file_phrases import FILE_RULES, names_a_place, put_into
from gui_agents.simulated.decider.intents import (
    Calculate,
    Choose,
    CloseAll,
    CloseWindow,
    Confirm,
    Intent,
    Nothing,
    OpenTarget,
    Pause,
    Press,
    Read,
    ReadFile,
    Save,
    ScrollBy,
    SetField,
    Toggle,
    Write,
)
from gui_agents.simulated.decider.names import APP_NAMES, app_named, home_of, is_file_name, without_article
from gui_agents.simulated.decider.patterns import FILE, THE, Builder, always, pressing, rule
from gui_agents.simulated.decider.quotes import Quoted

MAX_CLAUSE_LENGTH: Final = 2000


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
    rf"{THE}(name|e-?mail|email address|message|size|volume|note text)(?: field)?(?: to| is| as| with| =|:)? (.+)",
    re.IGNORECASE,
)


def named_value(text: str, quoted: Quoted) -> Intent | None:
    """Return what a clause without a verb, such as `name Alice`, asks for."""
    match = _NAMED_VALUE.fullmatch(text)
    return None if match is None else SetField(match[1], quoted.restore(match[2]))


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
    named = re.fullmatch(rf"{THE}(?:text )?(?:file|note|document) (?:named |called )?(.+)", match[1], re.IGNORECASE)
    behind = re.fullmatch(rf"{THE}(\S+) (?:file|document)", match[1], re.IGNORECASE)
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


def _press(match: re.Match[str], quoted: Quoted) -> Sequence[Intent]:
    count = 1 if match["count"] is None else {"double": 2, "triple": 3}[match["count"].lower()]
    label = quoted.restore(match["label"])
    signs = label.split()
    if len(signs) > 1 and all(len(sign) == 1 or sign.isdigit() for sign in signs):
        return tuple(Press(sign, count) for word in signs for sign in word)
    if len(label) > 1 and label.isdigit():
        return tuple(Press(digit, count) for digit in label)
    return (Press(label, count),)


def _toggle(*, on: bool, in_settings: bool) -> Builder:
    return lambda match, quoted: (Toggle(quoted.restore(match[1]), on, in_settings),)


def _toggle_to(match: re.Match[str], quoted: Quoted) -> Sequence[Intent]:
    return (Toggle(quoted.restore(match[1]), match[2].lower() in ("on", "enabled"), in_settings=True),)


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


def _put(match: re.Match[str], quoted: Quoted) -> Sequence[Intent] | None:
    text, label = quoted.restore(match[1]), quoted.restore(match[2])
    into = put_into(match[2], match[1], quoted)
    if into is not None:
        return into
    certain = quotes.has_quotes(match[1]) or match[3] or home_of(label) is not None
    return (SetField(label, text),) if certain else None


def _write(match: re.Match[str], quoted: Quoted) -> Sequence[Intent] | None:
    if names_a_place(match[1], quoted):
        return None
    return (Write(quoted.restore(match[1])),)


def _fill_form(match: re.Match[str], quoted: Quoted) -> Sequence[Intent] | None:
    first = named_value(match[1], quoted)
    return None if first is None else (OpenTarget("Contact Form"), first)


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


_APP: Final = rf"({'|'.join(sorted(APP_NAMES, key=len, reverse=True))})(?: app| application)?"
_FORM_FIELD: Final = r"(name|e-?mail(?: address)?|message|size)(?: field)?"
_TEXT_OF: Final = re.compile(r"(?:the )?(?:text|contents?) (?:of|in) (?:the )?(?:file )?", re.IGNORECASE)
_FIELD_BEHIND: Final = r"((?: (?:text )?(?:field|box|input|area))?)"

_RULES: Final = (
    rule(r"(?:do )?(?:absolutely )?nothing(?: at all)?|no-?op|do no-?op|finish|stop|you are done", always(Nothing())),
    rule(
        r"(?:calculate|compute|work out|evaluate|solve|find|determine|what is|what's|whats|what does|how much is"
        r"|tell me)"
        r"(?: what| how much)?(?: the (?:value|result) of)? (.+?)(?: (?:equal|equals|make|makes|is|are))?",
        _calculate,
    ),
    rule(r".+", _calculate_bare),
    rule(rf"(?:use|open|launch|start) (?:up )?(?:the )?{_APP} (?:to|for) (.+)", _inside_before),
    rule(rf"(?:in|inside|within|using|with|on) (?:the )?{_APP},? (.+)", _inside_before),
    rule(rf"(?:in|inside|within|using|with|back to|back in) (?:the )?{_APP}", _inside_alone),
    rule(rf"(.+) (?:in|in to|into|inside|within|using|with|on|from|of|via) (?:the )?{_APP}", _inside_behind),
    *FILE_RULES,
    rule(
        r"(?:clear|empty|reset) (?:the |all )?(?:contact )?(?:form|fields)|reset(?: it| everything)?",
        pressing("Reset"),
    ),
    rule(
        r"submit(?: it| this)?|(?:submit|send)(?: off)? (?:the |this |my )?(?:contact )?form|send it",
        pressing("Submit"),
    ),
    rule(r"cancel(?: it| that| this)?(?: ?the dialog)?", pressing("Cancel")),
    rule(r"confirm(?: it| that| this| the deletion| the dialog)?|ok|okay|yes", always(Confirm())),
    rule(r"(?:close|quit|exit) (?:all (?:the |open |of the )?(?:windows|apps)|everything|all)", always(CloseAll())),
    rule(r"minimi[sz]e(?: it| the window| this window)?", pressing("Minimize")),
    rule(r"(?:close|shut|quit|exit|leave|dismiss)(?: (?:down )?(.{1,40}))?", _close),
    rule(r"(?:turn|switch) on (?:both )?(.+)", _toggle(on=True, in_settings=True)),
    rule(r"(?:turn|switch) off (?:both )?(.+)", _toggle(on=False, in_settings=True)),
    rule(
        r"(?:set|change|turn|put|adjust|make|raise|lower|increase|decrease|reduce|bring)(?: up| down)?"
        r" (?:the |my )?(?:sound )?(?:volume|sound)(?: level| slider)?(?: up| down)?(?: to| at| =)?"
        r" (\d{1,6}(?:\.\d+)?|max|maximum|full|minimum)(?: ?%| ?percent| per cent)?",
        _set_volume,
    ),
    rule(r"(?:the )?volume (?:to |at )?(\d{1,3})(?: ?%| ?percent)?", _set_volume),
    rule(r"mute(?: the)?(?: volume| sound)?|turn (?:the )?(?:sound|volume) off", always(SetField("Volume", "0"))),
    rule(r"(?:turn|switch|set) (.+?)(?: to)? (on|off)", _toggle_to),
    rule(r"(?:switch|change) to (dark) (?:mode|theme)", _toggle(on=True, in_settings=True)),
    rule(r"(?:switch|change) to (light) (?:mode|theme)", always(Toggle("Dark mode", on=False, in_settings=True))),
    rule(r"(?:enable|activate) (.+)", _toggle(on=True, in_settings=True)),
    rule(r"(?:disable|deactivate) (.+)", _toggle(on=False, in_settings=True)),
    rule(rf"(?:make sure|ensure)(?: that)? {THE}(.+?) is (?:turned |switched )?(on|off)", _toggle_to),
    rule(rf"(?:check|see|tell me) (?:whether|if) {THE}(.+?) is (?:turned |switched )?(?:on|off)", _read_known),
    rule(
        r"(?:accept|agree to|agree with) (?:the |all )?(?:terms(?: and conditions)?|conditions)",
        always(Toggle("Accept terms", on=True, in_settings=False)),
    ),
    rule(
        r"(?:check|tick|mark)(?: off)? (?:the )?(?:(?:check)?box (?:for |of |named |labell?ed )?)?(.+)",
        _toggle(on=True, in_settings=False),
    ),
    rule(
        r"(?:uncheck|untick|unmark|deselect|unselect) (?:the )?(?:(?:check)?box (?:for |of |named )?)?(.+)",
        _toggle(on=False, in_settings=False),
    ),
    rule(rf"(?:choose|select|pick|highlight) {THE}(.+?) (?:as|for) (?:the )?size", _choose),
    rule(rf"(?:choose|select|pick|highlight) {THE}{FILE}(.+)", _choose),
    rule(r"fill (?:in|out) (?:the )?(?:contact )?form (?:with |using )?(?:the )?(.+)", _fill_form),
    rule(rf"{THE}{_FORM_FIELD} ?[:=] ?(.+)", _set),
    rule(rf"(?:enter|input|type|fill in|add|use) (?:the |my ){_FORM_FIELD} (.+)", _set),
    rule(rf"(?:enter|input|type|fill in|add|use) {_FORM_FIELD} ({quotes.STAND_IN})", _set),
    rule(
        rf"(?:edit|change|update|make|modify) {THE}{FILE}(\S+) (?:so that it|so it|to)"
        r" (?:says?|contains?|reads?|holds?) (.+)",
        _set,
    ),
    rule(rf"(?:fill in|fill out|fill) {THE}(.+?) (?:with|as) (.+)", _set),
    rule(rf"(?:set|change|update|edit|make|replace) {THE}(.+?) (?:to be|to|with|as|be|=) (.+)", _set),
    rule(rf"(?:set|make) {THE}(name|e-?mail|message|size|note text) (.+)", _set),
    rule(
        r"(?:type|write|enter|put|input|insert|add|fill in|fill|use)(?: the text| the words?)? (.+)"
        rf" (?:in to|into|in|to|as|for|on|inside) {THE}(.{{1,40}}?)" + _FIELD_BEHIND,
        _put,
    ),
    rule(
        r"(?:type|write|enter|input|insert|add|append|note down|jot down|write down|note)"
        r"(?: the text| the words?| a note saying| a note that says| in)? (.+)",
        _write,
    ),
    rule(
        r"(?:tell me |read |report |say )?what (?:does it|it|the note|does the note) (?:says?|contains?|reads?)",
        always(Read("Note text")),
    ),
    rule(
        rf"(?:read|report) (?:out |me |back )?what {THE}{FILE}(.+?) (?:says?|shows?|contains?|displays?|reads?)",
        _read_known,
    ),
    rule(
        rf"(?:read|report) (?:out |me |back )?{THE}(?:contents? of |text (?:of|in|from) )?{THE}{FILE}(.+?)"
        r"(?: file)?(?: aloud| out)?",
        _read,
    ),
    rule(
        r"(?:print|output|display|view|tell me|show me|show|give me|get|say|look at"
        r"|what is|what's|whats|what does|what do)"
        rf"(?: in| inside| the contents? of| the text (?:of|in)| what is in| what's in)? {THE}{FILE}(.+?)"
        r"(?: file)?(?: (?:say|says|show|shows|contain|contains|display|displays|read|reads))?",
        _read_known,
    ),
    rule(rf"is {THE}(.+?) (?:turned |switched |set )?(?:on|off|enabled|disabled|checked|to)", _read_known),
    rule(r"(?:open|launch|start|run|fire up|bring up|show)(?: up)? (.+)", _open),
    rule(r"(?:go to|switch to|go back to|return to|use|visit) (.+)", _go_to),
    rule(
        r"(?:(?P<count>double|triple)[- ]?)?(?:press|click|tap|hit|push)(?: on| at)?"
        r"(?: (?:the|a))?(?: (?:button|key|keys|buttons|icon))? (?P<label>.+?)(?: (?:button|key|icon))?",
        _press,
    ),
    rule(r"scroll (up|down)(?: by)?(?: (\d{1,4}))?(?: (?:notch|notches|times|lines|steps))?", _scroll),
    rule(r"scroll (?:all the way )?to the (top|start|beginning|bottom|end)", _scroll_to),
    rule(
        r"(?:wait|sleep|pause)(?: for)?(?: (\d{1,6}(?:\.\d{1,6})?|a|one))?"
        r" ?(ms|milliseconds?|s|secs?|seconds?|moment)?",
        _wait,
    ),
)
