"""The decider's words: they are those that the apps declare, and its phrases fit what it can do."""

import inspect

import pytest

from gui_agents.decider.patterns import Rule
from gui_agents.decider.quotes import Quoted
from gui_agents.decider.simulated.kinds import KINDS
from gui_agents.decider.simulated.names import CONTROLS, app_named, home_of
from gui_agents.decider.simulated.phrases import NAMED_VALUE, RULES
from gui_agents.decider.simulated.worker import Worker
from gui_agents.simulated.apps import APPS
from tests.gui_agents.decider.simulated.decider_driver import run

INSIDE = {"rest", "clause"}
"""Captures that are read as clauses, and are no arguments."""


@pytest.mark.parametrize("app", APPS.values(), ids=lambda app: app.name)
async def test_app_is_known_by_every_name_that_it_declares(app):
    for name in (app.name, *app.called):
        assert app_named(f"the {name}") == app.name
        assert (await run(f"open {name}")).state.windows == (app.name,)


@pytest.mark.parametrize(("app", "control"), CONTROLS, ids=lambda value: getattr(value, "name", value))
def test_control_is_known_by_every_name_that_it_declares(app, control):
    for name in (control.name, *control.called):
        assert home_of(name, buttons=True) == app


@pytest.mark.parametrize("rule", [*RULES, NAMED_VALUE], ids=lambda rule: rule._regex.pattern[:40])
def test_captures_of_a_phrase_are_parameters_of_its_deed(rule):
    given = {*rule._kinds, *rule._call.arguments} - INSIDE - {"_"}

    assert given <= set(inspect.signature(rule._call.deed).parameters)
    assert not {*rule._kinds} & {*rule._call.arguments}


@pytest.mark.parametrize(
    ("pattern", "text", "arguments"),
    [
        ("[do] (this|that) now", "do that now", {}),
        ("[do] (this|that) now", "This: now", {}),
        ("[do] (this|that) now", "do now", None),
        ("say <text> (twice|thrice)", "say a thrice and twice", {"text": "a thrice and"}),
        ("say <label> twice", "say a  b twice", {"label": "a  b"}),
        ("keep <new:file>", "keep x.txt", {"new": "x.txt"}),
        ("keep <new:file>", "keep x", None),
        ("count (a|b)*", "count a b a", {}),
        ("drop [<_:few>] <name:word>", "drop this and that", {"name": "that"}),
    ],
)
def test_pattern_takes_words_choices_and_captures(pattern, text, arguments):
    call = Rule(pattern, Worker.read, {}, KINDS).match(text, Quoted(text, ()))

    assert (None if call is None else call.arguments) == arguments


def test_every_kind_of_capture_is_used():
    used = {kind for rule in (*RULES, NAMED_VALUE) for kind in rule._kinds.values()}

    assert [name for name, kind in KINDS.items() if kind not in used] == []
