"""The table of phrases: pattern by pattern, what one clause asks for. Patterns are tried in order."""

from typing import Final

from gui_agents.simulated.apps.settings import DARK_MODE
from gui_agents.simulated.decider.clauses import polished
from gui_agents.simulated.decider.names import CONTROLS, home_of
from gui_agents.simulated.decider.patterns import Call, Rule
from gui_agents.simulated.decider.quotes import Quoted
from gui_agents.simulated.decider.worker import Worker

MAX_CLAUSE_LENGTH: Final = 2000
_MAX_DEPTH: Final = 2

NAMED_VALUE: Final = Rule("THE <label:field> [field] [to|is|as|with|=] <text>", Worker.set_field)
"""A clause without a verb, such as `name Alice`, which goes on with others that set fields."""

_FIRST: Final = (
    Rule(
        "[do] [absolutely] nothing [at all]|no-op|noop|do no-op|do noop|finish|stop|you are done",
        Worker.do_nothing,
    ),
    Rule(
        "(calculate|compute|work out|evaluate|solve|find|determine|what is|what's|whats|what does|how much is|tell me)"
        " [what|how much] [the (value|result) of] <keys:sum> [equal|equals|make|makes|is|are]",
        Worker.calculate,
    ),
    Rule("<keys:formula>", Worker.calculate),
)

_INSIDE: Final = (
    Rule("(use|open|launch|start) [up] [the] <target:app> (to|for) <rest:clause>", Worker.open),
    Rule("(in|inside|within|using|with|on) [the] <target:app> <rest:clause>", Worker.open),
    Rule("(in|inside|within|using|with|back to|back in) [the] <target:app>", Worker.open),
    Rule("<clause> (in|in to|into|inside|within|using|with|on|from|of|via) [the] <target:app>", Worker.open),
)
"""Where something is to be done: `rest` and `clause` say what."""

_FILES: Final = (
    Rule("[tell me|say|get|find out|check] how many COUNTED", Worker.count_files),
    Rule("count [all] [of] [the|my] COUNTED", Worker.count_files),
    Rule(
        "[what is|what's|tell me|get|give me|read|report|show me] [the] (number|count) of [the|my] COUNTED",
        Worker.count_files,
    ),
    Rule("(is there|do (i|we|you) have|ASKED there is) AFILE <name>", Worker.find_file),
    Rule("(is there|do (i|we|you) have|ASKED there is) [a|an|any] <name:file> [file]", Worker.find_file),
    Rule("does [AFILE|the] <name> [file] [still] exist", Worker.find_file),
    Rule("is [AFILE|the] <name:file> [file] [still] there", Worker.find_file),
    Rule("ASKED [AFILE|the] <name> [file] (still exists|exists|is [still] there)", Worker.find_file),
    Rule("(rename|change the [file] name of) THE FILE <name:file> [file] (to|as|into) <new:word>", Worker.rename_file),
    Rule("(rename|change the [file] name of) THE FILE <name> [file] (to|as|into) <new:file>", Worker.rename_file),
    Rule("move THE FILE <name> [file] (to|into) <new:file>", Worker.rename_file),
    Rule("(create|make|start|begin|open) [a] (new|blank|empty) note|new note", Worker.create_note),
    Rule(
        "(create|make|write|add) [a|an] [new] [text] (file|note|document) [(called|named) <name:word>] (with|containing"
        "|that says|saying|which says|that contains) [the] [text|content|contents|word|words] <text>",
        Worker.create_note,
    ),
    Rule(
        "(create|make|add) [a|an] (new|empty)* [text] (file|note|document) (called|named) <name:word>",
        Worker.create_note,
    ),
    Rule(
        "(save|store) [<_:few>] (as|under|to|into|with|in) [the|a|an] [new] [text] [file|note|filename] [name]"
        " [of|called|named] <name:text>",
        Worker.save_as,
    ),
    Rule("(save|store|name|call) (it|this|the note|the file) <name:text>", Worker.save_as),
    Rule("save [NOTE]", Worker.save),
    Rule("ADD (a|another|one more) [new|blank|empty|extra] line", Worker.write, text="", own_line=True),
    Rule(
        "ADD (a|another|one more) [new|blank|empty|extra] line INTO PLACE <place>",
        Worker.add_text,
        text="",
        own_line=True,
    ),
    Rule("ADD LINE INTO PLACE <place> SAYING <text:words>", Worker.add_text, own_line=True),
    Rule("ADD LINE SAYING <text:words> INTO PLACE <place>", Worker.add_text, own_line=True),
    Rule("ADD <text:words> INTO PLACE <place> OWNLINE", Worker.add_text, own_line=True),
    Rule("ADD <text:words> OWNLINE INTO PLACE <place>", Worker.add_text, own_line=True),
    Rule("ADD LINE SAYING <text:prose>", Worker.write, own_line=True),
    Rule("ADD <text:words> INTO [the] [very] (end|bottom) of PLACE <place>", Worker.add_text),
    Rule("append [the (text|word|words)] <text:words> (to|onto) PLACE <place:target>", Worker.add_text),
    Rule(
        "DELETE both [of] THE FILE <name:label> [file] [from [the] (files|list|disk|desktop) [app]]",
        Worker.delete_file,
        of_two=True,
    ),
    Rule("DELETE THE FILE <name:label> [file] [from [the] (files|list|disk|desktop) [app]]", Worker.delete_file),
)

_OTHERS: Final = (
    Rule("cancel [it|that|this] [the dialog]", Worker.press, label="Cancel"),
    Rule("confirm [it|that|this|the deletion|the dialog]|ok|okay|yes", Worker.confirm),
    Rule("CLOSE (all [the|open|of the] (windows|apps)|everything|all)", Worker.close_all),
    Rule("(minimize|minimise) [it|the window|this window]", Worker.press, label="Minimize"),
    Rule("CLOSE [down] THE (dialog|dialogue|popup|pop-up)", Worker.press, label="Cancel"),
    Rule("CLOSE [down] THE [it|window|app|application|active window|current window]", Worker.close),
    Rule("CLOSE [down] THE <app>", Worker.close),
    Rule("(turn|switch) on [both] <label>", Worker.toggle, on=True, app="Settings"),
    Rule("(turn|switch) off [both] <label>", Worker.toggle, on=False, app="Settings"),
    Rule(
        "(set|change|turn|put|adjust|make|raise|lower|increase|decrease|reduce|bring) [up|down] [the|my] <label:slider>"
        " [level|slider] [up|down] [to|at|=] <text:level>",
        Worker.set_field,
    ),
    Rule("[the] <label:slider> [to|at] <text:level>", Worker.set_field),
    Rule("mute [the] [volume|sound]|turn [the] (sound|volume) off", Worker.set_field, label="Volume", text="0"),
    Rule("(turn|switch|set) <label> [to] <on:state>", Worker.toggle, app="Settings"),
    Rule("(switch|change) to [the] dark (mode|theme)", Worker.toggle, label=DARK_MODE, on=True, app="Settings"),
    Rule("(switch|change) to [the] light (mode|theme)", Worker.toggle, label=DARK_MODE, on=False, app="Settings"),
    Rule("(enable|activate) <label>", Worker.toggle, on=True, app="Settings"),
    Rule("(disable|deactivate) <label>", Worker.toggle, on=False, app="Settings"),
    Rule("(make sure|ensure) [that] THE <label> is [turned|switched] <on:state>", Worker.toggle, app="Settings"),
    Rule("(check|see|tell me) (whether|if) THE <label:readable> is [turned|switched] (on|off)", Worker.read),
    Rule("(accept|agree to|agree with) [the|all] <label:box>", Worker.toggle, on=True),
    Rule(
        "(check|tick|mark) [off] [the] [(checkbox|box) [for|of|named|labelled|labeled]] <label>",
        Worker.toggle,
        on=True,
    ),
    Rule(
        "(uncheck|untick|unmark|deselect|unselect) [the] [(checkbox|box) [for|of|named]] <label>",
        Worker.toggle,
        on=False,
    ),
    Rule("CHOOSE THE <label> (as|for) [the] size", Worker.choose),
    Rule("CHOOSE THE FILE <label>", Worker.choose),
    Rule(
        "fill (in|out) [the] [contact] form [with|using] THE <label:field> [field] [to|is|as|with|=] <text>",
        Worker.set_field,
    ),
    Rule("THE <label:given> <text>", Worker.set_field),
    Rule("ENTER (the|my) <label:entry> [field] <text>", Worker.set_field),
    Rule("ENTER <label:entry> [field] <text:quote>", Worker.set_field),
    Rule(
        "(edit|change|update|make|modify|set|replace|fill|fill in|fill out) THE [(text|content|contents) (of|in)] [the]"
        " FILE <name:file> (so that it|so it|to be|to|with|as|be|=) [SAYS|hold|holds] <text>",
        Worker.rewrite_file,
    ),
    Rule(
        "(edit|change|update|make|modify) THE FILE <label:word> (so that it|so it|to) (SAYS|hold|holds) <text>",
        Worker.set_field,
    ),
    Rule("(fill in|fill out|fill) THE <label> (with|as) <text>", Worker.set_field),
    Rule("(set|change|update|edit|make|replace) THE <label> (to be|to|with|as|be|=) <text>", Worker.set_field),
    Rule("(set|make) THE <label:field> <text>", Worker.set_field),
    Rule("PUT <text:words> ONTO THE PLACE <place>", Worker.add_text),
    Rule("PUT <text> ONTO THE <label:few> [text] (field|box|input|area)", Worker.set_field),
    Rule("PUT <text:quoting> ONTO THE <label:few>", Worker.set_field),
    Rule("PUT <text> ONTO THE <label:thing>", Worker.set_field),
    Rule(
        "(type|write|enter|input|insert|add|append|note down|jot down|write down|note)"
        " [the (text|word|words)|a note saying|a note that says|in] <text:prose>",
        Worker.write,
    ),
    Rule("[tell me|read|report|say] what (does it|it|the note|does the note) SAYS", Worker.read, label="Note text"),
    Rule("(read|report) [out|me|back] what THE FILE <label:readable> SAYS", Worker.read),
    Rule(
        "(read|report) [out|me|back] THE [(content|contents) of|text (of|in|from)] THE FILE <label> [file] [aloud|out]",
        Worker.read,
    ),
    Rule(
        "(print|output|display|view|tell me|show me|show|give me|get|say|look at|what is|what's|whats|what does"
        "|what do) [in|inside|the (content|contents) of|the text (of|in)|what is in|what's in] THE FILE <label:readable> [file]"
        " [SAYS]",
        Worker.read,
    ),
    Rule("is THE <label:readable> [turned|switched|set] (on|off|enabled|disabled|checked|to)", Worker.read),
    Rule("OPEN [up] THE <target:app>", Worker.open),
    Rule("OPEN [up] THE [text] (file|note|document) [named|called] <target:label>", Worker.open),
    Rule("OPEN [up] THE <target:file> (file|document)", Worker.open),
    Rule("OPEN [up] THE <target:label>", Worker.open),
    Rule("(go to|switch to|go back to|return to|use|visit) THE <target:app>", Worker.open),
    Rule("DOUBLE <label> [button|key|icon]", Worker.press, count=2),
    Rule("TRIPLE <label> [button|key|icon]", Worker.press, count=3),
    Rule("PRESS <label> [button|key|icon]", Worker.press),
    Rule("scroll down [by] [<notches:number>] [notch|notches|times|lines|steps]", Worker.scroll),
    Rule("scroll up [by] [<notches:number>] [notch|notches|times|lines|steps]", Worker.scroll, up=True),
    Rule("scroll [all the way] to the (bottom|end)", Worker.scroll, notches=100),
    Rule("scroll [all the way] to the (top|start|beginning)", Worker.scroll, notches=100, up=True),
    Rule("(wait|sleep|pause) [for] [<seconds>]", Worker.wait),
)

_COMMANDS: Final = tuple(
    Rule(command, Worker.press, label=control.name) for _, control in CONTROLS for command in control.commands
)


def understood(text: str, quoted: Quoted, depth: int = 0) -> tuple[Call, ...] | None:
    """Return what one clause asks for, or None where no pattern knows it; `depth` bounds clauses inside of clauses."""
    if len(text) > MAX_CLAUSE_LENGTH:
        return None
    for rules in (_FIRST, _INSIDE if depth < _MAX_DEPTH else (), _COMMANDS, _FILES, _OTHERS):
        for rule in rules:
            call = rule.match(text, quoted)
            if call is None:
                continue
            calls = (call,) if rules is not _INSIDE else _inside(call, quoted, depth + 1)
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
