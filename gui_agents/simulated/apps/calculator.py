"""The calculator: keys, a display, and arithmetic with precedence and parentheses in decimals."""

import re
from collections.abc import Iterable, Mapping
from decimal import Context, Decimal, DecimalException
from typing import ClassVar, Final

from gui_agents.domain.screen import Bounds
from gui_agents.simulated.apps.base import App, Control, Host
from gui_agents.simulated.icons import Block, Icon

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
_OPERATORS: Final = frozenset("+-×÷")
_SIGNS: Final = {
    **{sign: sign for row in _ROWS for sign in row},
    **{name: sign for sign, names in _CALLED.items() for name in names if len(name) == 1},
}
"""The key that is meant, by each character that can be typed."""
_ARITHMETIC: Final = Context(prec=24)
_SHOWN: Final = Context(prec=12)
_LARGEST_PLAIN_EXPONENT: Final = 15


class ExpressionError(Exception):
    """What was keyed in cannot be calculated."""


def _key(sign: str, column: int, row: int) -> Control:
    look = "primary" if sign == "=" else "digit" if sign.isdigit() or sign == "." else "operator"
    place = Bounds(16 + 79 * column, 110 + 68 * row, 71, 60)
    return Control("button", "Backspace" if sign == "⌫" else sign, place, look, _CALLED.get(sign, ()), key=sign)


class Calculator(App):
    """Shows an expression while it is keyed in, then its result."""

    name: ClassVar = "Calculator"
    called: ClassVar = ("calc", "calculator app")
    icon: ClassVar = Icon(
        (46, 56, 82),
        (
            Block(22, 18, 56, 20, 2, (190, 226, 214)),
            *(Block(x, y, 14, 13, 2) for x, y in ((22, 48), (43, 48), (64, 48), (22, 67), (43, 67))),
            Block(64, 67, 14, 13, 2, (255, 159, 67)),
        ),
    )
    place: ClassVar = Bounds(160, 88, 340, 500)
    controls: ClassVar = (
        Control("", "", Bounds(16, 12, 308, 24), "asked", key="asked"),
        Control("text", "Display", Bounds(16, 38, 308, 56), "display", ("result", "answer")),
        *(_key(sign, column, row) for row, signs in enumerate(_ROWS) for column, sign in enumerate(signs)),
    )

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self._expression, self._asked = "", ""
        self._result: str | None = None

    def shown(self, key: str) -> tuple[str, Iterable[str]]:
        """Return what the display shows, and what was asked before."""
        display = self._expression if self._result is None else self._result
        return {"asked": self._asked, "Display": display or "0"}.get(key, ""), ()

    def activate(self, key: str) -> None:
        """Press one key."""
        match key:
            case "C":
                self._clear()
            case "⌫":
                if self._result is not None:
                    self._clear()
                self._expression = self._expression[:-1]
            case "=":
                self._calculate()
            case _ if key in _SIGNS:
                self._append(key)

    def press(self, keys: tuple[str, ...]) -> bool:
        """Press the key that stands for the keyboard's."""
        return len(keys) == 1 and self.type(_PRESSED.get(keys[0], keys[0]))

    def type(self, text: str) -> bool:
        """Press the keys for each character of the text."""
        signs = [_SIGNS.get(character) for character in text]
        for sign in signs if None not in signs else ():
            self.activate(sign or "")
        return bool(signs) and None not in signs

    def _clear(self) -> None:
        self._expression, self._asked, self._result = "", "", None

    def _append(self, sign: str) -> None:
        if self._result is not None:
            continues = sign in _OPERATORS and self._result != "Error"
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
    parser = _Parser(expression)
    value = parser.sum()
    if parser.sign:
        raise ExpressionError(f"{parser.sign} is not expected here")
    return value


class _Parser:
    """Recursive descent over the signs of an expression; its depth is bounded by the display's length."""

    _TOKENS: Final = re.compile(r"[0-9.]+(?:E[+-][0-9]*)?|.", re.DOTALL)
    """Numbers, of which only a result that is calculated with can have an exponent, and single signs."""

    def __init__(self, expression: str) -> None:
        self._tokens: list[str] = [*self._TOKENS.findall(expression), ""]

    @property
    def sign(self) -> str:
        return self._tokens[0]

    def sum(self) -> Decimal:
        value = self._product()
        while self.sign in ("+", "-"):
            combine = _ARITHMETIC.add if self._taken() == "+" else _ARITHMETIC.subtract
            value = combine(value, self._product())
        return value

    def _product(self) -> Decimal:
        value = self._factor()
        while self.sign in ("×", "÷", "("):
            combine = _ARITHMETIC.divide if self.sign == "÷" else _ARITHMETIC.multiply
            if self.sign != "(":
                self._taken()
            value = combine(value, self._factor())
        return value

    def _factor(self) -> Decimal:
        sign = self._taken()
        if sign in ("+", "-"):
            return self._factor() if sign == "+" else _ARITHMETIC.minus(self._factor())
        if sign == "(":
            value = self.sum()
            if self._taken() != ")":
                raise ExpressionError("a parenthesis is not closed")
            return value
        if sign[:1] not in tuple("0123456789.") or sign == "." or sign.count(".") > 1:
            raise ExpressionError("a number is expected")
        return Decimal(sign)

    def _taken(self) -> str:
        return self._tokens.pop(0) if self.sign else ""
