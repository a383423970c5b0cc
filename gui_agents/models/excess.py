"""Endpoints that count more input than the bound of a call allows, such as a model of dear pictures under an alias.

The first such call costs more than was reserved. From then on, the bounds of that model at that address are raised.
"""

from collections import OrderedDict
from fractions import Fraction
from typing import Final

MAX_REMEMBERED: Final = 1000
"""Endpoints with their models. The one that exceeded its bound longest ago is forgotten."""
AS_BOUNDED: Final = Fraction(1)
MAX_FACTOR: Final = Fraction(8)
"""What the dearest pictures need is 6; a count that is far above that is a mistake of the endpoint."""


class KnownExcess:
    """How many times more than their bounds models have counted."""

    def __init__(self) -> None:
        self._factors: OrderedDict[tuple[str, str], Fraction] = OrderedDict()

    def factor(self, base_url: str, model: str) -> Fraction:
        """Return by how much the bound of this model's input is raised; at least 1."""
        return self._factors.get((base_url, model), AS_BOUNDED)

    def reported(self, base_url: str, model: str, *, bounded: int, input_tokens: int) -> None:
        """Learn from a call that reported `input_tokens`, of which its raised bound allowed `bounded`."""
        if input_tokens <= bounded:
            return
        raised = self.factor(base_url, model) * Fraction(input_tokens, bounded)
        self._factors[base_url, model] = min(raised, MAX_FACTOR)
        self._factors.move_to_end((base_url, model))
        if len(self._factors) > MAX_REMEMBERED:
            self._factors.popitem(last=False)
