"""The calculator: keys, a display, and arithmetic with precedence and parentheses in decimals."""

from collections.abc import Mapping
from decimal import Context, Decimal, DecimalException
from typing import ClassVar, Final

from gui_agents.domain.screen import Bounds
from gui_agents.simulated.apps.base import App, Host
from gui_agents.simulated.widgets import Layout

MAX_EXPRESSION_LENGTH: Final = 40

ROWS: Final = ("C()÷", "789×", "456-", "123+", "0.⌫=")
_NAMES: Final[Mapping[str, str]] = {"⌫": "Backspace"}
_TYPED: Final[Mapping[str, str]] = {"*": "×", "/": "÷", "x": "×", "−": "-"}
_PRESSED: Final[Mapping[tuple[str, ...], str]] = {
    ("enter",): "=",
    ("backspace",): "⌫",
    ("escape",): "C",
    ("delete",): "C",
}
_OPERATORS: Final = frozenset("+-×÷")
_KEYS: Final = frozenset("".join(ROWS))
_ARITHMETIC: Final = Context(prec=24)
_SHOWN: Final = Context(prec=12)
_LARGEST_PLAIN_EXPONENT: Final = 15


class ExpressionError(Exception):
    """What was keyed in cannot be calculated."""


class Calculator(App):
    """Shows an expression while it is keyed in, then its result."""

    name: ClassVar = "Calculator"
    place: ClassVar = Bounds(160, 88, 340, 500)

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self._expression = ""
        self._asked = ""
        self._result: str | None = None

    @property
    def display(self) -> str:
        """What the display shows."""
        return self._expression if self._result is None else self._result

    def build(self, ui: Layout, area: Bounds) -> None:
        """Add the display and the keys."""
        left, width = area.x + 16, area.width - 32
        ui.add("", self._asked, Bounds(left, area.y + 12, width, 24), look="asked")
        ui.add("text", "Display", Bounds(left, area.y + 38, width, 56), value=self.display or "0", look="display")
        top, gap = area.y + 110, 8
        key_width = (width - 3 * gap) // 4
        key_height = (area.y + area.height - 16 - top - 4 * gap) // 5
        for row, signs in enumerate(ROWS):
            for column, sign in enumerate(signs):
                bounds = Bounds(
                    left + column * (key_width + gap), top + row * (key_height + gap), key_width, key_height
                )
                ui.add("button", _NAMES.get(sign, sign), bounds, key=sign, look=_look(sign))

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
            case _ if key in _KEYS:
                self._append(key)

    def press(self, keys: tuple[str, ...]) -> bool:
        """Press the key that stands for the keyboard's."""
        sign = _PRESSED.get(keys) or (keys[0] if len(keys) == 1 else "")
        return self.type(sign)

    def type(self, text: str) -> bool:
        """Press the keys for each character of the text."""
        signs = [_TYPED.get(character, character) for character in text]
        if not signs or not _KEYS.issuperset(signs):
            return False
        for sign in signs:
            self.activate(sign)
        return True

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


def _look(sign: str) -> str:
    if sign == "=":
        return "primary"
    if sign.isdigit() or sign == ".":
        return "digit"
    return "operator"


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

    def __init__(self, expression: str) -> None:
        self._rest = expression

    @property
    def sign(self) -> str:
        return self._rest[:1]

    def sum(self) -> Decimal:
        value = self._product()
        while self.sign in ("+", "-"):
            sign, term = self._take(), self._product()
            value = _ARITHMETIC.add(value, term) if sign == "+" else _ARITHMETIC.subtract(value, term)
        return value

    def _product(self) -> Decimal:
        value = self._factor()
        while self.sign in ("×", "÷", "("):
            sign = "×" if self.sign == "(" else self._take()
            factor = self._factor()
            value = _ARITHMETIC.multiply(value, factor) if sign == "×" else _ARITHMETIC.divide(value, factor)
        return value

    def _factor(self) -> Decimal:
        if self.sign in ("+", "-"):
            return self._factor() if self._take() == "+" else _ARITHMETIC.minus(self._factor())
        if self.sign == "(":
            self._take()
            value = self.sum()
            if self._take() != ")":
                raise ExpressionError("a parenthesis is not closed")
            return value
        return self._number()

    def _number(self) -> Decimal:
        length = len(self._rest) - len(self._rest.lstrip("0123456789."))
        digits, self._rest = self._rest[:length], self._rest[length:]
        exponent_length = _exponent_length(self._rest)
        digits, self._rest = digits + self._rest[:exponent_length], self._rest[exponent_length:]
        if digits.count(".") > 1 or digits in ("", "."):
            raise ExpressionError("a number is expected")
        return Decimal(digits)

    def _take(self) -> str:
        sign, self._rest = self._rest[:1], self._rest[1:]
        return sign


def _exponent_length(text: str) -> int:
    """Return the length of an exponent such as E+20, which only a result that is calculated with can have."""
    if text[:2] not in ("E+", "E-"):
        return 0
    return len(text) - len(text[2:].lstrip("0123456789"))
