"""The table of phrases: pattern by pattern, what one clause asks for. Patterns are tried in order."""

from collections.abc import Iterator
from typing import Final

from gui_agents.decider.clauses import polished
from gui_agents.decider.patterns import Call, Rule
from gui_agents.decider.quotes import Quoted
from gui_agents.decider.simulated.kinds import KINDS
from gui_agents.decider.simulated.names import CONTROLS, home_of
from gui_agents.decider.simulated.worker import Worker

MAX_CLAUSE_LENGTH: Final = 2000
_MAX_DEPTH: Final = 2

# Each row is a deed of `Worker`, arguments that are always the same, and after the colon a pattern; a row goes on in
# lines that begin with a space. See `patterns` for the language, and for the words in capital letters.

_CALCULATING: Final = """
do_nothing: [do] [absolutely] nothing [at all]|[do] (no-op|noop)|finish|stop|you are done
calculate: TELL [what|how much] [the (value|result) of] <keys:sum> [equal|equals|make|makes|is|are]
calculate: <keys:formula>
"""

_INSIDE: Final = """
open: (use|open|launch|start) [up] [the] <target:app> (to|for) <rest:clause>
open: (in|inside|within|using|with|on) [the] <target:app> <rest:clause>
open: (in|inside|within|using|with|back to|back in) [the] <target:app>
open: <clause> (in|in to|into|inside|within|using|with|on|from|of|via) [the] <target:app>
"""
"""Where something is to be done: `rest` and `clause` say what."""

_FILES: Final = """
count_files: [tell me|say|get|find out|check] how many COUNTED
count_files: count [all] [of] [the|my] COUNTED
count_files: [what is|what's|tell me|get|give me|read|report|show me] [the] (number|count) of [the|my] COUNTED
find_file: ISTHERE AFILE <name>
find_file: ISTHERE [a|an|any] <name:file> [file]
find_file: does [AFILE|the] <name> [file] [still] exist
find_file: is [AFILE|the] <name:file> [file] [still] there
find_file: ASKED [AFILE|the] <name> [file] (still exists|exists|is [still] there)
rename_file: (rename|change the [file] name of) THE FILE <name:file> [file] (to|as|into) <new:word>
rename_file: (rename|change the [file] name of) THE FILE <name> [file] (to|as|into) <new:file>
rename_file: move THE FILE <name> [file] (to|into) <new:file>
create_note: (create|make|start|begin|open) [a] (new|blank|empty) note|new note
create_note: (create|make|write|add) [a|an] [new] [text] (file|note|document) [(called|named) <name:word>]
 (with|containing|that says|saying|which says|that contains) [the] [text|content|contents|word|words] <text>
create_note: (create|make|add) [a|an] (new|empty)* [text] (file|note|document) (called|named) <name:word>
save_as: (save|store) [<_:few>] (as|under|to|into|with|in) [the|a|an] [new] [text] [file|note|filename] [name]
 [of|called|named] <name:text>
save_as: (save|store|name|call) (it|this|the note|the file) <name:text>
save: save [NOTE]
write text= own_line=yes: ADD ANOTHER
add_text text= own_line=yes: ADD ANOTHER INTO PLACE <place>
add_text own_line=yes: ADD LINE INTO PLACE <place> SAYING <text:words>
add_text own_line=yes: ADD LINE SAYING <text:words> INTO PLACE <place>
add_text own_line=yes: ADD <text:words> INTO PLACE <place> OWNLINE
add_text own_line=yes: ADD <text:words> OWNLINE INTO PLACE <place>
write own_line=yes: ADD LINE SAYING <text:prose>
add_text: ADD <text:words> INTO [the] [very] (end|bottom) of PLACE <place>
add_text: append WORDS <text:words> (to|onto) PLACE <place:target>
delete_file of_two=yes: DELETE both [of] THE FILE <name:label> [file] [from [the] (files|list|disk|desktop) [app]]
delete_file: DELETE THE FILE <name:label> [file] [from [the] (files|list|disk|desktop) [app]]
"""

_OTHERS: Final = """
press label=Cancel: cancel [it|that|this] [the dialog]|CLOSE [down] THE (dialog|dialogue|popup|pop-up)
press label=Minimize: (minimize|minimise) [it|the window|this window]
confirm: confirm [it|that|this|the deletion|the dialog]|ok|okay|yes
close_all: CLOSE (all [the|open|of the] (windows|apps)|everything|all)
close: CLOSE [down] THE [it|window|app|application|active window|current window]
close: CLOSE [down] THE <app>
toggle app=Settings: (turn|switch) <on:state> [both] <label>
set_field: TURN [the|my] <label:slider> [level|slider] [up|down] [to|at|=] <text:level>
set_field: [the] <label:slider> [to|at] <text:level>
set_field label=Volume text=0: mute [the] [volume|sound]|turn [the] (sound|volume) off
toggle app=Settings: (turn|switch|set) <label> [to] <on:state>
toggle label=dark on=yes: (switch|change) to [the] dark (mode|theme)
toggle label=dark on=no: (switch|change) to [the] light (mode|theme)
toggle app=Settings: <on:enabling> <label>
toggle app=Settings: (make sure|ensure) [that] THE <label> is [turned|switched] <on:state>
read: (check|see|tell me) (whether|if) THE <label:readable> is [turned|switched] (on|off)
toggle on=yes: (accept|agree to|agree with) [the|all] <label:box>
toggle: <on:checking> [off] [the] [(checkbox|box) [for|of|named|labelled|labeled]] <label>
choose: CHOOSE THE <label> (as|for) [the] size
choose: CHOOSE THE FILE <label>
set_field: fill (in|out) [the] [contact] form [with|using] THE <label:field> [field] [to|is|as|with|=] <text>
set_field: THE <label:given> <text>
set_field: ENTER (the|my) <label:entry> [field] <text>
set_field: ENTER <label:entry> [field] <text:quote>
rewrite_file: CHANGE THE [(text|content|contents) (of|in)] [the] FILE <name:file>
 (so that it|so it|to be|to|with|as|be|=) [SAYS|hold|holds] <text>
set_field: (edit|change|update|make|modify) THE FILE <label:word> (so that it|so it|to) (SAYS|hold|holds) <text>
set_field: (fill in|fill out|fill) THE <label> (with|as) <text>
set_field: (set|change|update|edit|make|replace) THE <label> (to be|to|with|as|be|=) <text>
set_field: (set|make) THE <label:field> <text>
add_text: PUT <text:words> ONTO THE PLACE <place>
set_field: PUT <text> ONTO THE <label:few> [text] (field|box|input|area)
set_field: PUT <text:quoting> ONTO THE <label:few>
set_field: PUT <text> ONTO THE <label:thing>
write: WRITE [WORDS|a note saying|a note that says|in] <text:prose>
read label=note: [tell me|read|report|say] what (does it|it|the note|does the note) SAYS
read: (read|report) [out|me|back] what THE FILE <label:readable> SAYS
read: (read|report) [out|me|back] THE [(content|contents) of|text (of|in|from)] THE FILE <label> [file] [aloud|out]
read: SHOW [in|inside|the (content|contents) of|the text (of|in)|what is in|what's in] THE FILE <label:readable>
 [file] [SAYS]
read: is THE <label:readable> [turned|switched|set] (on|off|enabled|disabled|checked|to)
open: (OPEN|go to|switch to|go back to|return to|use|visit) THE <target:app>
open: OPEN THE [text] (file|note|document) [named|called] <target:label>
open: OPEN THE <target:file> (file|document)
open: OPEN THE <target:label>
press: [<count:times>] PRESS <label> [button|key|icon]
scroll: scroll <up:way> [by] [<notches:number>] [notch|notches|times|lines|steps]
scroll_to_end: scroll [all the way] to the <up:end>
wait: (wait|sleep|pause) [for] [<seconds>]
"""


def _rules(table: str) -> Iterator[Rule]:
    for row in table.strip().replace("\n ", " ").split("\n"):
        asked, pattern = row.split(": ", 1)
        deed, *fixed = asked.split(" ")
        arguments = dict(argument.split("=") for argument in fixed)
        values = {name: _FLAGS.get(value, value) for name, value in arguments.items()}
        yield Rule(pattern, getattr(Worker, deed), values, KINDS)


_FLAGS: Final = {"yes": True, "no": False}
_WHERE: Final = tuple(_rules(_INSIDE))
RULES: Final = (
    *_rules(_CALCULATING),
    *_WHERE,
    *(
        Rule(command, Worker.press, {"label": button.name}, KINDS)
        for _, button in CONTROLS
        for command in button.commands
    ),
    *_rules(_FILES),
    *_rules(_OTHERS),
)
"""All rules, in the order in which they are tried."""
NAMED_VALUE: Final = Rule("THE <label:field> [field] [to|is|as|with|=] <text>", Worker.set_field, {}, KINDS)
"""A clause without a verb, such as `name Alice`, which goes on with others that set fields."""


def understood(text: str, quoted: Quoted, depth: int = 0) -> tuple[Call, ...] | None:
    """Return what one clause asks for, or None where no pattern knows it.

    `depth` is how many clauses it is inside of: what is to be done in an app is a clause of its own, which may name
    an app once more. So each clause is looked at a bounded number of times.
    """
    if len(text) > MAX_CLAUSE_LENGTH:
        return None
    for rule in RULES:
        call = rule.match(text, quoted) if depth < _MAX_DEPTH or rule not in _WHERE else None
        if call is not None:
            calls = _inside(call, quoted, depth + 1) if rule in _WHERE else (call,)
            if calls is not None:
                return calls
    return None


def _inside(call: Call, quoted: Quoted, depth: int) -> tuple[Call, ...] | None:
    """Return what is to be done in an app: open it, then do the rest."""
    app = call.arguments["target"]
    opening = Call(Worker.open, {"target": app})
    if "rest" in call.arguments:
        rest = understood(polished(call.arguments["rest"]), quoted, depth)
        return None if rest is None else (opening, *rest)
    if "clause" not in call.arguments:
        return (opening,)
    rest = understood(call.arguments["clause"], quoted, depth)
    if rest is None or rest[0].deed is Worker.close or _is_elsewhere(rest[0], app):
        return None
    return rest if rest[0].deed is Worker.open else (opening, *rest)


def _is_elsewhere(call: Call, app: str) -> bool:
    """Tell whether an app does not have what is to be filled in."""
    if call.deed is Worker.set_field:
        return home_of(call.arguments["label"]) != app
    return call.deed is Worker.write and app not in ("Notes", "Calculator")
