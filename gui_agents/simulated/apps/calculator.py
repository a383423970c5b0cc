"""The calculator: keys, a display, and arithmetic with precedence and parentheses in decimals."""

import re
from collections.abc import Callable, Iterable, Mapping
from decimal import Context, Decimal, DecimalException
from typing import ClassVar, Final

from gui_agents.domain.screen import Bounds
from gui_agents.simulated.apps.base import App, Event
from gui_agents.simulated.machine import Machine
from gui_agents.simulated.widgets import Block, Widget, plate

MAX_EXPRESSION_LENGTH: Final = 40

_ROWS: Final = ("C()÷", "789×", "456-", "123+", "0.⌫=")
_CALLED: Final[Mapping[str, tuple[str, ...]]] = {
    "+": ("plus",),
    "-": ("minus", "−", "–"),
    "×": ("times", "multiplied by", "multiply", "*", "x", "·"),
    "÷": ("divided by", "divide", "over", "/", ":"),
    "=": ("equals", "equal", "equal sign"),
    ".": ("point", "dot"),
}
_PRESSED: Final[Mapping[str, str]] = {"enter": "=", "backspace": "⌫", "escape": "C", "delete": "C"}
_SIGNS: Final = {
    **{sign: sign for row in _ROWS for sign in row},
    **{name: sign for sign, names in _CALLED.items() for name in names if len(name) == 1},
}
"""The key that is meant, by each character that can be typed."""
_ARITHMETIC: Final = Context(prec=24)
_OPERATIONS: Final[Mapping[str, tuple[int, Callable[[Decimal, Decimal], Decimal]]]] = {
    "+": (1, _ARITHMETIC.add),
    "-": (1, _ARITHMETIC.subtract),
    "×": (2, _ARITHMETIC.multiply),
    "÷": (2, _ARITHMETIC.divide),
    "(": (2, _ARITHMETIC.multiply),
}
"""How strong each sign between two values binds, and what it does."""
_TOKEN: Final = re.compile(r"[0-9.]+(?:E[+-][0-9]*)?|.", re.DOTALL)
_NUMBER: Final = re.compile(r"(?:[0-9]++\.?[0-9]*+|\.[0-9]++)(?:E.*)?")
"""Only a result that is calculated with can have an exponent."""
_SHOWN: Final = Context(prec=12)
_LARGEST_PLAIN_EXPONENT: Final = 15


class ExpressionError(Exception):
    """What was keyed in cannot be calculated."""


def _key(sign: str, column: int, row: int) -> Widget:
    look = "primary" if sign == "=" else "digit" if sign.isdigit() or sign == "." else "operator"
    place = Bounds(16 + 79 * column, 150 + 68 * row, 71, 60)
    return Widget("button", "Backspace" if sign == "⌫" else sign, place, look, _CALLED.get(sign, ()), key=sign)


class Calculator(App):
    """Shows an expression while it is keyed in, then its result."""

    name: ClassVar = "Calculator"
    called: ClassVar = ("calc", "calculator app")
    icon: ClassVar = (
        plate("#2e3852"),
        Block(22, 18, 56, 20, 4, "#bee2d6"),
        *(Block(x, y, 14, 13, 4) for x, y in ((22, 48), (43, 48), (64, 48), (22, 67), (43, 67))),
        Block(64, 67, 14, 13, 4, "#ff9f43"),
    )
    place: ClassVar = Bounds(160, 88, 340, 500)
    controls: ClassVar = (
        Widget("", "", Bounds(16, 52, 308, 24), "asked", key="asked"),
        Widget("text", "Display", Bounds(16, 78, 308, 56), "display", ("result", "answer")),
        *(_key(sign, column, row) for row, signs in enumerate(_ROWS) for column, sign in enumerate(signs)),
    )

    def __init__(self, machine: Machine) -> None:
        super().__init__(machine)
        self._expression, self._asked = "", ""
        self._result: str | None = None

    def shown(self, key: str) -> tuple[str, Iterable[str]]:
        """Return what the display shows, and what was asked before."""
        display = self._expression if self._result is None else self._result
        return {"asked": self._asked, "Display": display or "0"}.get(key, ""), ()

    def handle(self, event: Event) -> bool:
        """Press one key, or the keys for each character of a text."""
        match event:
            case ("activate", str(key)) if key in _SIGNS:
                self._press(key)
            case ("press", (str(key),)):
                return self.handle(("type", _PRESSED.get(key, key)))
            case ("type", str(text)) if text and _SIGNS.keys() >= set(text):
                for character in text:
                    self._press(_SIGNS[character])
            case _:
                return False
        return True

    def _press(self, sign: str) -> None:
        if sign == "=":
            self._calculate()
        elif sign == "C" or (sign == "⌫" and self._result is not None):
            self._expression, self._asked, self._result = "", "", None
        elif sign == "⌫":
            self._expression = self._expression[:-1]
        else:
            self._append(sign)

    def _append(self, sign: str) -> None:
        if self._result is not None:
            continues = sign in "+-×÷" and self._result != "Error"
            self._expression, self._asked = (self._result, "") if continues else ("", "")
            self._result = None
        if len(self._expression) < MAX_EXPRESSION_LENGTH:
            self._expression += sign

    def _calculate(self) -> None:
        if not self._expression or self._result is not None:
            return
        self._asked = f"{self._expression} ="
        try:
            self._result = shown(calculated(self._expression))
        except (ExpressionError, DecimalException):
            self._result = "Error"


def shown(number: Decimal) -> str:
    """Return the number as the display shows it: 12 digits at most, no trailing zeros."""
    rounded = number.normalize(_SHOWN)
    if rounded == 0:
        return "0"
    if abs(rounded.adjusted()) > _LARGEST_PLAIN_EXPONENT:
        return str(rounded)
    return f"{rounded:f}"


def calculated(expression: str) -> Decimal:
    """Return the value of an expression of numbers, + - × ÷ and parentheses.

    Raises:
        ExpressionError: it is incomplete or has no meaning.
        DecimalException: it has no value, such as a division by zero.
    """
    tokens = [*_TOKEN.findall(expression), ""]
    value = _value(tokens, 0)
    if tokens != [""]:
        raise ExpressionError(f"{tokens[0]} is not expected here")
    return value


def _value(tokens: list[str], level: int) -> Decimal:
    """Take what binds stronger than `level` from the tokens; the recursion is bounded by the display's length."""
    value = _operand(tokens)
    while tokens[0] in _OPERATIONS and _OPERATIONS[tokens[0]][0] > level:
        stronger, combine = _OPERATIONS[tokens[0]]
        if tokens[0] != "(":
            tokens.pop(0)
        value = combine(value, _value(tokens, stronger))
    return value


def _operand(tokens: list[str]) -> Decimal:
    token = tokens[0] and tokens.pop(0)
    match token:
        case "+":
            return _operand(tokens)
        case "-":
            return _ARITHMETIC.minus(_operand(tokens))
        case "(":
            value = _value(tokens, 0)
            if (tokens[0] and tokens.pop(0)) != ")":
                raise ExpressionError("a parenthesis is not closed")
            return value
    if not _NUMBER.fullmatch(token):
        raise ExpressionError("a number is expected")
    return Decimal(token)
