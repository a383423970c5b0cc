"""How much work an instruction is: a bounded number of looks at each clause, and time that grows with its length."""

from time import process_time

import pytest

from gui_agents.decider.grammar import parse
from gui_agents.decider.patterns import Rule
from gui_agents.decider.problems import NotUnderstoodError
from gui_agents.decider.simulated import phrases
from gui_agents.decider.simulated.language import SimulatedLanguage
from gui_agents.rpc.convert import MAX_INSTRUCTION

LONGEST_SECONDS = 5.0
"""Of CPU; the slowest of these takes a fifth of a second on a slow machine, and those that backtrack took for ever."""

LOOKS_AT_A_CLAUSE = 40
"""How often the text of a clause may be looked at by each rule: inside of two apps, and with the clauses before."""


def parsed(instruction):
    try:
        return parse(instruction, SimulatedLanguage())
    except NotUnderstoodError:
        return None


@pytest.fixture
def looks(monkeypatch):
    """Collect the length of each text that a rule is tried on."""
    seen, match = [], Rule.match

    def counted(rule, text, quoted):
        seen.append(len(text))
        return match(rule, text, quoted)

    monkeypatch.setattr(Rule, "match", counted)
    return seen


@pytest.mark.parametrize(
    "instruction",
    [
        "Find 202611251030151234567.log",
        "Calculate 1234567890123456789012345 EUR in USD",
        "in notes " * 12 + "zzz" + " in notes" * 12,
        "in notes " * 200 + "write x" + " in notes" * 20,
        "use notes to " * 100 + "save",
        "add eggs" + ", milk and bread" * 45 + " to todo.txt",
        "delete a.b" + " and c.d" * 90,
        "type a into b " * 100,
        "; ".join(["write a to b as c in d " * 20] * 100),
    ],
    ids=lambda text: text[:30],
)
def test_each_clause_is_looked_at_a_bounded_number_of_times(looks, instruction):
    started = process_time()

    parsed(instruction)

    assert sum(looks) <= LOOKS_AT_A_CLAUSE * len(phrases.RULES) * (len(instruction) + 1)
    assert process_time() - started < LONGEST_SECONDS


@pytest.mark.parametrize(
    ("before", "again", "behind"),
    [
        ("add 1 and ", "1", "x"),
        ("calculate ", "9", " EUR"),
        ("calculate ", "1+", "x"),
        ("calculate ", "(", ""),
        ("calculate ", "one hundred ", ""),
        ("write ", "a to ", ""),
        ("", "please ", ""),
        ("", "ok, ", ""),
        ("press ", "!", ""),
        ("", "! ", ""),
        ("", "- a\n", ""),
        ("", "“", ""),
        ("", "'a ", ""),
        ("", "''", ""),
        ("", "«a» and ", ""),
        ("", "a: ", ""),
        ("", "in notes ", ""),
        ("how many files ", "are ", ""),
        ("write a", ", b.c ", ""),
        ("set name to A", " and B", ""),
        ("save as ", "x.", ""),
        ("open ", "the ", ""),
    ],
)
@pytest.mark.parametrize("length", [1900, MAX_INSTRUCTION])
def test_the_longest_instruction_is_understood_or_refused_soon(before, again, behind, length):
    instruction = before + again * ((length - len(before) - len(behind)) // len(again)) + behind
    started = process_time()

    parsed(instruction)

    assert process_time() - started < LONGEST_SECONDS


def test_long_text_in_quotes_is_understood():
    steps = parsed('Write "' + "a and b, then c. " * 5_800 + '" in Notes and save it as long.txt')

    assert [call.deed.__name__ for step in steps for call in step.calls] == ["open", "write", "save_as"]
