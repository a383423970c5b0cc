"""The calculator's arithmetic, and its keys."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gui_agents.domain.actions import Key, OpenApp, Type
from gui_agents.simulated import SimulatedSandbox
from gui_agents.simulated.apps.calculator import ExpressionError, calculated, shown


def combined(inner):
    def join(left, sign, right):
        value = {"+": lambda a, b: a + b, "-": lambda a, b: a - b, "×": lambda a, b: a * b}[sign]
        return f"({left[0]}{sign}{right[0]})", value(left[1], right[1])

    return st.builds(join, inner, st.sampled_from("+-×"), inner)


expressions = st.recursive(
    st.integers(0, 999).map(lambda number: (str(number), Fraction(number))), combined, max_leaves=6
)


@given(expressions)
def test_expression_has_its_exact_value(expression):
    text, value = expression

    assert calculated(text) == Decimal(value.numerator)


@pytest.mark.parametrize(
    ("expression", "result"),
    [
        ("2+3×4", "14"),
        ("20-3-4", "13"),
        ("100÷10÷5", "2"),
        ("-5+3", "-2"),
        ("2×-3", "-6"),
        ("2(3+4)", "14"),
        ("1÷3", "0.333333333333"),
        ("0.1+0.2", "0.3"),
        (".5×4", "2"),
        ("5-5", "0"),
        ("1E+20÷1E+18", "100"),
        ("9999999999999999×9999999999999999", "1.00000000000E+32"),
    ],
)
def test_result_is_shown_as_a_person_writes_it(expression, result):
    assert Decimal(shown(calculated(expression))) == Decimal(result)
    assert len(shown(calculated(expression))) <= 20


@pytest.mark.parametrize("expression", ["", "+", "1+", "(1", "1)", "1..2", ".", "1+×2", "()", "2E", "1 + 2", "abc"])
def test_what_has_no_meaning_is_refused(expression):
    with pytest.raises(ExpressionError):
        calculated(expression)


@given(st.text(alphabet="0123456789.+-×÷()E", max_size=40))
def test_anything_keyed_in_is_a_number_or_refused(expression):
    try:
        value = calculated(expression)
    except (ExpressionError, ArithmeticError):
        return
    assert isinstance(value, Decimal)


@pytest.mark.parametrize(
    ("events", "display"),
    [
        ([Type("12*3="), Type("+4=")], "40"),
        ([Type("12*3="), Type("7")], "7"),
        ([Type("1/0=")], "Error"),
        ([Type("1/0="), Type("+2")], "+2"),
        ([Type("12"), Key(("backspace",))], "1"),
        ([Type("12="), Key(("backspace",))], "0"),
        ([Type("12"), Key(("escape",))], "0"),
        ([Type("6/4"), Key(("enter",))], "1.5"),
        ([Type("hello")], "0"),
        ([Type("1" * 60)], "1" * 40),
    ],
)
async def test_display_follows_the_keys(events, display):
    sandbox = SimulatedSandbox()
    await sandbox.open()
    await sandbox.act(OpenApp("calculator"))
    for event in events:
        await sandbox.act(event)

    window = (await sandbox.observe(screenshot=False)).tree.children[5]
    assert next(child.value for child in window.children if child.name == "Display") == display
