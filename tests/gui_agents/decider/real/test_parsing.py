"""The language of real screens: its documented clauses are understood, and any text is read or refused soon."""

import inspect
import re
from pathlib import Path
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gui_agents.decider.grammar import parse
from gui_agents.decider.patterns import Rule
from gui_agents.decider.problems import NotUnderstoodError
from gui_agents.decider.real.kinds import KINDS
from gui_agents.decider.real.language import RealLanguage
from gui_agents.decider.real.phrases import GOING_ON, RULES
from gui_agents.rpc.convert import MAX_INSTRUCTION
from tests.gui_agents.decider.real.driver import run
from tests.gui_agents.decider.real.pages import contact, desktop

MODELS_PAGE = (Path(__file__).parents[4] / "docs" / "models.md").read_text()
TABLE = re.search(r"\| Clause \| Examples \|\n(.*?)\n\n", MODELS_PAGE, re.DOTALL)[1]
LONGEST_SECONDS = 5.0
LOOKS_AT_A_CLAUSE = 6
"""How often the text of a clause may be looked at by each rule: alone, inside of another, and with those before."""


def parsed(instruction: str):
    try:
        return parse(instruction, RealLanguage())
    except NotUnderstoodError:
        return None


def called(instruction: str) -> list[str]:
    return [call.deed.__name__ for step in parsed(instruction) or () for call in step.calls]


@pytest.mark.parametrize("clause", re.findall(r"`([^`]+)`", TABLE))
def test_documented_clauses_are_understood(clause):
    assert (
        parsed(clause) is not None
        or parsed(f"click Save {clause}") is not None
        or clause.startswith(("the ", "Delete "))
    )
    assert parsed(f"click {clause}") is not None


@pytest.mark.parametrize(
    ("instruction", "deeds"),
    [
        ("Open http://a.b/ and click Save", ["navigate", "press"]),
        ("1. Click A\n2. Click B", ["press", "press"]),
        ("Please click Save, then could you check Newsletter? Thanks", ["press", "toggle", "do_nothing"]),
        ("check Newsletter. Sports", []),
        ("in mousepad write hello", ["be_in", "write"]),
        ("use the calculator to calculate 1+2", ["be_in", "calculate"]),
        ('set Name to "Tom, then Jerry" and press Send', ["set_field", "press"]),
        ("set Name to Tom and Jerry", ["set_field"]),
        ("type a, b and c into Message", ["put"]),
        ("check A, B and C", ["toggle", "toggle", "toggle"]),
        ("press Tab, Tab and Enter", ["press", "press", "press"]),
        ("accept terms and conditions", ["accept"]),
        ("do nothing", ["do_nothing"]),
        ("click Save and book a flight", []),
    ],
)
def test_instructions_are_cut_into_deeds(instruction, deeds):
    assert called(instruction) == deeds


@pytest.mark.parametrize("rule", [*RULES, *GOING_ON], ids=lambda rule: rule._regex.pattern[:40])
def test_captures_of_a_phrase_are_parameters_of_its_deed(rule):
    given = {*rule._kinds, *rule._call.arguments} - {"rest", "_"}

    assert given <= set(inspect.signature(rule._call.deed).parameters)


def test_every_kind_of_capture_is_used():
    used = {kind for rule in (*RULES, *GOING_ON) for kind in rule._kinds.values()}

    assert [name for name, kind in KINDS.items() if kind not in used] == []


@pytest.mark.parametrize(
    "instruction",
    [
        "Find 202611251030151234567.log",
        "in notes " * 12 + "zzz" + " in notes" * 12,
        "use notes to " * 100 + "save",
        "type a into b " * 100,
        "type x" + ", a into b c d e f" * 90,
        "; ".join(["write a to b as c in d " * 20] * 100),
    ],
    ids=lambda text: text[:30],
)
def test_each_clause_is_looked_at_a_bounded_number_of_times(monkeypatch, instruction):
    looks, match = [], Rule.match

    def counted(rule, text, quoted):
        looks.append(len(text))
        return match(rule, text, quoted)

    monkeypatch.setattr(Rule, "match", counted)
    parsed(instruction)

    assert sum(looks) <= LOOKS_AT_A_CLAUSE * len(RULES) * (len(instruction) + 1) * (1 + instruction.count(", "))


@pytest.mark.parametrize(
    ("before", "again", "behind"),
    [
        ("type ", "a to ", ""),
        ("type ", "a into ", " "),
        ("set ", "a to ", ""),
        ("set ", "a ", "x"),
        ("choose ", "a in ", "x"),
        ("choose ", "a as ", "x"),
        ("go to ", "a.", ""),
        ("go to http://", "a:", ""),
        ("press ", "ctrl+", ""),
        ("press ", "a > ", ""),
        ("click ", "the button ", ""),
        ("drag ", "a to ", ""),
        ("use ", "a to ", ""),
        ("Name", ": a", ""),
        ("type a", ", b into", ""),
        ("accept ", "the ", ""),
        ("", "please ", ""),
        ("", "a: ", ""),
        ("save ", "as ", "x"),
    ],
)
@pytest.mark.parametrize("length", [1900, MAX_INSTRUCTION])
def test_the_longest_instruction_is_understood_or_refused_soon(before, again, behind, length):
    instruction = before + again * ((length - len(before) - len(behind)) // len(again)) + behind
    started = process_time()

    parsed(instruction)

    assert process_time() - started < LONGEST_SECONDS


WORDS = (
    "open close press click read set type write check uncheck choose select accept dismiss scroll wait save as the a in"
    " into to with and then please Name Email Message Country Large Norway Send Reset Newsletter terms link button"
    " field first second last http://a.b/ note.txt ctrl+a enter 9 + = ( ) . , ; : > \" ' * dialog page title"
    " mousepad up down"
)


@given(instruction=st.lists(st.sampled_from(WORDS.split()), max_size=20).map(" ".join), on_desktop=st.booleans())
async def test_any_words_end_within_a_bounded_number_of_steps(instruction, on_desktop):
    screen = desktop().screen if on_desktop else contact().screen

    ended = await run(instruction, screen, steps=400)

    assert ended.actions
