"""What hands do with fields: fill in, clear, slide; each value is read back from the screen."""

from functools import partial
from typing import Final

from gui_agents.decider.labels import quoted
from gui_agents.decider.problems import NotPossibleError
from gui_agents.decider.real.choosing_hands import ChoosingHands
from gui_agents.decider.real.finding import find
from gui_agents.decider.real.hands import ATTEMPTS, Act
from gui_agents.decider.real.nouns import FIELDS, SELECTS, TEXT_FIELDS, TOGGLES
from gui_agents.decider.real.view import Seen
from gui_agents.domain.actions import Click
from gui_agents.domain.screen import PROTECTED

_SETTABLE: Final = FIELDS | TOGGLES | SELECTS
_MAX_NUDGES: Final = 30
_MAX_SHOWN: Final = 200
"""Characters of a value that a tree surely has; of a longer one it may have the beginning only."""
_MASKS: Final = frozenset("•●*∙⚫")


class FieldHands(ChoosingHands):
    """Hands that know fields. What has no underscore is what an instruction can ask for."""

    def set_field(self, label: str, text: str) -> Act:
        """Make a field hold exactly this; for what is chosen or checked, choose or check it."""
        seen = yield from self._found(label, _SETTABLE, "field")
        if seen.role in TOGGLES:
            yield from self._set_toggle(seen, text)
        elif seen.role == "slider":
            yield from self._slide(seen, text)
        elif seen.role in SELECTS:
            yield from self._pick(seen, text)
        else:
            yield from self._fill(seen, text)

    def clear(self, label: str) -> Act:
        """Empty a field."""
        yield from self._fill((yield from self._found(label, TEXT_FIELDS, "field")), "")

    def _is_field(self, label: str) -> bool:
        return find(self.view, label, _SETTABLE) is not None

    def write(self, text: str) -> Act:
        """Type text where the focus is, or into the only field that takes text."""
        if not text:
            return
        focused = self.view.focused
        if focused is None or focused.role not in TEXT_FIELDS:
            fields = self.view.text_fields
            if len(fields) > 1 and not self.view.is_browser:
                fields = [field for field in fields if "multiline" in field.element.states] or fields
            if len(fields) > 1 or (not fields and self.view.front.children):
                raise NotPossibleError(
                    f"no field has the focus in {self.view.place}; say into which field {quoted(text)} goes"
                )
            focused = fields[0] if fields else None
            if focused is not None:
                yield from self._click(focused)
        before = "" if focused is None else self._again(focused).element.value
        yield from self._type(text)
        if focused is not None and not _is_protected(focused):
            yield from self._check_written(focused, before, text)

    def _fill(self, seen: Seen, text: str) -> Act:
        """Make a field hold `text`, and check that it does; what a protected field holds is not shown."""
        if "readonly" in seen.element.states:
            raise NotPossibleError(f"the field {quoted(self.view.label_of(seen))} is read-only")
        if _holds(seen, text) and not _is_protected(seen):
            return
        name = self.view.label_of(seen)
        for _ in range(ATTEMPTS):
            yield from self._click(seen)
            if seen.element.value or _is_protected(seen):
                yield from self._press_key("ctrl", "a")
            if text:
                yield from self._type(text)
            else:
                yield from self._press_key("backspace")
            yield from self._until(partial(self._is_filled, seen, text))
            seen = self._again(seen)
            if _holds(seen, text):
                return
        raise NotPossibleError(
            f"the field {quoted(name)} does not take {quoted(text)}: it shows {quoted(seen.element.value)}"
        )

    def _is_filled(self, seen: Seen, text: str) -> bool:
        now = self.view.same(seen)
        return now is None or _holds(now, text)

    def _check_written(self, focused: Seen, before: str, text: str) -> Act:
        def has_it() -> bool:
            now = self.view.same(focused)
            if now is None:  # a line break may have sent the form
                return "\n" in text
            value, wanted = _normal(now.element.value), _normal(text)
            return (wanted in value and value != _normal(before)) or len(before) + len(text) > _MAX_SHOWN

        if not (yield from self._until(has_it)):
            now = self.view.same(focused)
            shown = "" if now is None else f": it shows {quoted(now.element.value)}"
            raise NotPossibleError(f"the field with the focus does not take {quoted(text)}{shown}")

    def _slide(self, seen: Seen, text: str) -> Act:
        """Set a slider by its keys: from the end that is nearer by the value of both ends."""
        wanted = _number(text)
        if wanted is None:
            raise NotPossibleError(f"{self.view.label_of(seen)} takes a number, not {quoted(text)}")
        yield from self._click(seen)
        ends = []
        for key in ("end", "home"):
            yield from self._press_key(key)
            seen = self._again(seen)
            ends.append(_number(seen.element.value))
        highest, lowest = ends
        if lowest is None or highest is None or not lowest <= wanted <= highest:
            raise NotPossibleError(f"{self.view.label_of(seen)} goes from {lowest} to {highest}, not to {text}")
        bounds = seen.element.bounds
        share = 0 if highest == lowest else (wanted - lowest) / (highest - lowest)
        yield from self._do(Click(bounds.x + round(share * (bounds.width - 1)), bounds.center[1]))
        for _ in range(_MAX_NUDGES):
            seen = self._again(seen)
            now = _number(seen.element.value)
            if now is None or now == wanted:
                break
            yield from self._press_key("right" if now < wanted else "left")
        if _number(self._again(seen).element.value) != wanted:
            raise NotPossibleError(f"{self.view.label_of(seen)} stays at {seen.element.value}")


def _is_protected(seen: Seen) -> bool:
    return PROTECTED in seen.element.states


def _holds(seen: Seen, text: str) -> bool:
    value = seen.element.value
    if _is_protected(seen):
        return not value or set(value) - _MASKS != set() or len(value) == len(text)
    wanted, shown = _normal(text), _normal(value)
    if wanted == shown:
        return True
    beginning = shown[:_MAX_SHOWN]
    return len(wanted) > len(beginning) == _MAX_SHOWN and wanted.startswith(beginning)


def _normal(text: str) -> str:
    """Return a text as fields show it: one kind of line end and of space, none at the end."""
    return text.replace("\r\n", "\n").replace("\xa0", " ").rstrip("\n")


def _number(text: str) -> float | None:
    try:
        return float(text.strip().removesuffix("%").replace("percent", "").strip())
    except ValueError:
        return None
