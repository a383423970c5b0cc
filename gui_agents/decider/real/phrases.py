"""The table of phrases for real screens: what one clause asks for. Patterns are tried in order."""

from collections.abc import Iterator
from typing import Any, Final

from gui_agents.decider.clauses import polished
from gui_agents.decider.patterns import Call, Rule
from gui_agents.decider.quotes import Quoted
from gui_agents.decider.real.kinds import KINDS
from gui_agents.decider.real.worker import Worker

MAX_CLAUSE_LENGTH: Final = 2000

# Each row is a deed of `Worker`, arguments that are always the same, and after the colon a pattern; a row goes on in
# lines that begin with a space. See `gui_agents.decider.patterns` for the language, and the words in capital letters.

_TABLE: Final = """
do_nothing: [do] [absolutely] nothing [at all]|[do] (no-op|noop)|finish|stop|you are done
do_nothing: (thanks|thank you|that is all|that's all) [very much|a lot]
calculate: TELL [what|how much] [the (value|result) of] <keys:sum> [equal|equals|make|makes|is|are]
calculate: <keys:formula>

be_in: (use|open|launch|start) [up] THE <target:few> (to|for) <rest:clause>
be_in: (in|inside|within|using|with|on) THE <target:word> [app|window|page|form] <rest:clause>

navigate: (go|navigate|browse|head|surf) [back] to [the] [page|site|website|url|address|web page] [at] <url>
navigate: (open|visit|load|show|launch|go to) [up] [the] [page|site|website|url|address|web page] [at] <url>
go_back: (go|navigate) back [to the (previous|last) page|a page|one page]|press [the] back [button]|back
go_forward: (go|navigate) forward [a page|one page]|press [the] forward [button]
reload: (reload|refresh) [the] [current] [page|site|tab|browser|it]
new_tab: (open|make|create) [a] (new|another|empty) tab|new tab
close_tab: CLOSE [the|this] [current|active] tab
switch_tab: (switch|change|go) [back] to [the] tab [named|called|titled] <label>
switch_tab: (switch|change|go) [back] to [the] <label> tab
search: search [the (page|site|web)] for <text>
search: look up <text>

save_as: (save|store) [<_:few>] (as|under|to) [the|a] [new] [text] [file|document|filename] [name] [named|called]
 <name:file>
save_as: (save|store) [<_:few>] (as|under) [the|a] [new] [text] [file|document|filename] [name] [named|called]
 <name:quote>
save: save [it|this|that|everything|[the|my|this] (file|document|text|changes|note)]

agree: (accept|confirm|agree to) [it|that|this] [the] [dialog|dialogue|alert|prompt|confirmation|message|popup|pop-up]
agree: ok|okay|yes|answer yes
decline: (dismiss|decline|reject|cancel) [it|that|this] [the] [dialog|dialogue|alert|prompt|confirmation|message|popup
 |pop-up]|answer no|cancel|no
accept: (accept|agree to|agree with) [the|all|to the] <label>
close: CLOSE [down] [it|the|this] [dialog|dialogue|popup|pop-up|window|active window|current window|app]
close: CLOSE [down] THE <label:few> (window|dialog|app)

submit: (submit|send) [it|this|that|[the|this|my] [contact] [form|data|answers|message]]
press label=log_in: (log|sign) in
scroll_to_end: scroll [all the way] [down|up] to the [very] <up:end> [of the (page|list)]
scroll_to: scroll [up|down|the page] (to|until you see|until) THE <label> [is (visible|in view|in sight)]
scroll: scroll <up:way> [by] [<notches:number>] [notch|notches|times|lines|steps|clicks]
scroll: scroll [the page|a bit|on]
wait_for: wait (for|until) [there is|you see] THE <label>
 [appears|is (there|visible|shown|loaded)|to (appear|load)|loads]
wait: (wait|sleep|pause) [for] [<seconds>]
hover: (hover|move the (mouse|pointer|cursor)) [over|on|to|onto] THE <label>
drag: drag THE <label:few> (to|onto|into|over) THE <place:few>
context_click: (right-click|right click|context-click) [on] THE <label>
press_key: PRESS <keys:key> (key|keys) [<count:times>]
press_key count=2: PRESS THE <keys:key> [key] twice
press_key count=3: PRESS THE <keys:key> [key] three times
press: [<count:times>] PRESS THE <label>
press: (follow|activate) THE <label>

read: (check|see|tell me) (whether|if) THE <label> is (checked|ticked|selected|on|off)
toggle: (turn|switch) <on:state> THE <label>
toggle: (turn|switch|set) THE <label> [to] <on:state>
toggle: (make sure|ensure) [that] THE <label> is [turned|switched] <on:state>
toggle on=yes: (make sure|ensure) [that] THE <label> is (checked|ticked|selected)
toggle on=yes: (enable|activate) THE <label>
toggle on=no: (disable|deactivate) THE <label>
tell_whether: (is there|ASKED there is) THE <label> [on (the|this) (page|screen)]
expect: (check|verify|make sure|ensure|expect|confirm) [that] [the (page|screen|dialog|site|window)|it]
 (says|shows|contains|displays|reads|to say|to show|to contain) <text>
toggle: <on:checking> [off] [the] [(checkbox|box) [for|of|named|labelled|labeled]] <label>
choose: CHOOSE THE <label:few> (as|for) THE <place:few>
choose: CHOOSE THE <label:few> (in|from|of|under|on) THE <place:few>
choose: CHOOSE THE <label>
choose: set THE <place:few> (dropdown|list|select|select box) (to|=) <label:text>

clear: (clear|empty|erase) THE <label>
set_field: (fill in|fill out|fill) [the|this] [contact] [form] [with|using] THE <label:given> <text>
set_field: (fill in|fill out|fill) [the|this] [contact] [form] [with|using] THE <label:few> [field] (to|is|as|=) <text>
set_field: (fill in|fill out|fill) THE <label:few> (with|as) <text>
set_field: (set|change|update|edit|make|replace) THE <label:few> (to be|to|with|as|be|=) <text>
set_field: (set|make|enter|fill in|type) THE <label:few> [field] <text:quote>
put: PUT <text:quote> ONTO THE <label:few>
put: (type|write|enter|put|input|insert|fill) WORDS <text> (into|in to) THE <label:few>
put: PUT <text> ONTO THE <label:few> (field|box|input|area)
enter_in: PUT <text> <joint> THE <label:few>
write: WRITE [WORDS|in] <text>

read_title: SHOW [the] (title|page title|window title) [of the (page|window)]|read [the] [page|window] title
read_address: (SHOW|read) [the] [page|current] (url|address) [of the page]
read_page: (what is|what's) on (the|this) (page|screen)
read_page: (SHOW|read) [me] [everything|[the|this|all the] (page|screen|whole page|text of the page|page text)]
read: (read|report) [out|me|back] what THE <label> SAYS
read: (read|report) [out|me|back] THE [(content|contents|value|text) (of|in|from) the] <label> [aloud|out]
read: SHOW [in|inside|the (content|contents|value) of|what is in|what's in] THE <label> [SAYS]

be_in: (in|inside|within|using|with|on|back in|back to) THE <target:few> [app|window|page|form]
open: (OPEN|use) THE <target:label>
go_to: (go|switch|return|change) [back] to THE <target:label> [page|section|window|app]
go_to: (visit|activate|focus) THE <target:label>
set_field: THE <label:given> <text>
"""
_FLAGS: Final[dict[str, Any]] = {"yes": True, "no": False, "2": 2, "3": 3, "log_in": "Log in"}


def _rules(table: str) -> Iterator[Rule]:
    for row in table.strip().replace("\n ", " ").split("\n"):
        if row:
            asked, pattern = row.split(": ", 1)
            deed, *fixed = asked.split(" ")
            arguments = dict(argument.split("=") for argument in fixed)
            values = {name: _FLAGS.get(value, value) for name, value in arguments.items()}
            yield Rule(pattern, getattr(Worker, deed), values, KINDS)


RULES: Final = tuple(_rules(_TABLE))
"""All rules, in the order in which they are tried."""
GOING_ON: Final = tuple(
    Rule(pattern, Worker.put, {}, KINDS)
    for pattern in (
        "THE <label:given> <text>",
        "THE <label:few> [field] (to|is|with|=) <text>",
        "THE <label:few> [field] <text:quote>",
        "<text:quote> (into|in to|in|as|for) THE <label:few>",
        "<text> (into|in to|as|for) THE <label:few>",
    )
)
"""Clauses without a verb, such as `name to Alice`, which go on with others that set fields."""


def understood(text: str, quoted: Quoted, *, inside: bool = False) -> tuple[Call, ...] | None:
    """Return what one clause asks for, or None where no pattern knows it.

    `inside`: it is the rest of another clause, which says where it is to be done, and has no such rest itself.
    """
    if len(text) > MAX_CLAUSE_LENGTH:
        return None
    for rule in RULES:
        call = rule.match(text, quoted)
        if call is None:
            continue
        if "rest" not in call.arguments:
            return (call,)
        rest = None if inside else understood(polished(call.arguments["rest"]), quoted, inside=True)
        if rest is not None:
            return Call(Worker.be_in, {"target": call.arguments["target"]}), *rest
    return None
