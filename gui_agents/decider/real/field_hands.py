"""What hands do with fields: fill in, check, choose, slide; each value is read back from the screen."""

from functools import partial
from typing import Final

from gui_agents.decider.labels import quoted, short
from gui_agents.decider.problems import NotPossibleError
from gui_agents.decider.real.finding import find, missing
from gui_agents.decider.real.hands import ATTEMPTS, BRIEFLY, PATIENCE, Act, Hands, is_on
from gui_agents.decider.real.nouns import FIELDS, OPTIONS, SELECTS, TEXT_FIELDS, TOGGLES
from gui_agents.decider.real.targets import plain, words
from gui_agents.decider.real.view import Seen
from gui_agents.domain.actions import Click

_SWITCHED: Final = TOGGLES | {"radio", "menuitem", "button"}
_CHOSEN: Final = OPTIONS | TOGGLES | SELECTS
_SETTABLE: Final = FIELDS | TOGGLES | SELECTS
_ON: Final = frozenset({"on", "true", "yes", "enabled", "checked"})
_OFF: Final = frozenset({"off", "false", "no", "disabled", "unchecked"})
_MAX_NUDGES: Final = 30
_MAX_SHOWN: Final = 200
"""Characters of a value that a tree surely has; of a longer one it may have the beginning only."""
_MASKS: Final = frozenset("•●*∙⚫")


class FieldHands(Hands):
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

    def toggle(self, label: str, *, on: bool) -> Act:
        """Check or uncheck a box, turn a switch, press or release a toggle."""
        if find(self.view, label, _SWITCHED) is None:
            yield from self._found(label, TOGGLES, "checkbox or switch")
        yield from self._switch((yield from self._found(label, _SWITCHED, "checkbox or switch")), on=on)

    def accept(self, label: str) -> Act:
        """Check the box that accepts something, or press the button that does: `accept the terms`, `accept cookies`."""
        for name in (f"accept {label}", f"i accept {label}", f"agree to {label}", label):
            box = find(self.view, name, TOGGLES)
            if box is not None:
                yield from self._switch(box, on=True)
                return
            button = find(self.view, name, frozenset({"button"}))
            if button is not None:
                yield from self._click(button)
                return
        raise NotPossibleError(missing(self.view, label, TOGGLES | {"button"}, "checkbox or button"))

    def choose(self, label: str, place: str | None = None) -> Act:
        """Choose one of several: an option of a list, a radio button, a box, an item."""
        yield from self._until(lambda: self._choice(label, place) is not None, PATIENCE)
        choice = self._choice(label, place)
        if choice is None:
            raise NotPossibleError(missing(self.view, label, _CHOSEN - SELECTS, "option"))
        holder, option = choice
        if holder is not None:
            yield from self._pick((yield from self._in_sight(holder)), option)
            return
        seen = yield from self._found(option, _CHOSEN - SELECTS, "option")
        if seen.role in TOGGLES:
            yield from self._switch(seen, on=True)
            return
        yield from self._click(seen)
        if seen.role in {"radio", "option"}:
            yield from self._until(partial(self._is_switched, seen, on=True))
            if not self._is_switched(seen, on=True):
                raise NotPossibleError(f"{quoted(seen.element.name)} cannot be chosen")

    def _choice(self, label: str, place: str | None) -> tuple[Seen | None, str] | None:
        """Return the list that has an option, if it is in one, and the option; None if there is nothing of the kind."""
        if place is not None:
            holder = find(self.view, place, SELECTS)
            if holder is not None:
                return holder, label
        whole = label if place is None else f"{label} in {place}"
        seen = find(self.view, whole, _CHOSEN - SELECTS)
        if seen is not None:
            holder = next((each for each in seen.above() if each.role == "combobox"), None)
            return (None, whole) if holder is None else (holder, seen.element.name)
        holders = [each for each in self.view.all if each.role in SELECTS]
        for holder in holders:
            rest = _without(label, self.view.label_of(holder))
            if rest:
                return holder, rest
        closed = [each for each in holders if each.role == "combobox"]
        return (closed[0], label) if len(closed) == 1 and place is None else None

    def _set_toggle(self, seen: Seen, text: str) -> Act:
        word = text.strip().lower()
        if word not in _ON | _OFF:
            raise NotPossibleError(f"{self.view.label_of(seen)} can be on or off, not {quoted(text)}")
        yield from self._switch(seen, on=word in _ON)

    def _switch(self, seen: Seen, *, on: bool) -> Act:
        name = self.view.label_of(seen)
        for _ in range(ATTEMPTS):
            if is_on(seen) is on:
                return
            yield from self._click(seen)
            yield from self._until(partial(self._is_switched, seen, on=on))
            seen = self._again(seen)
        if is_on(seen) is not on:
            raise NotPossibleError(f"the {seen.role} {quoted(name)} does not turn {'on' if on else 'off'}")

    def _is_switched(self, seen: Seen, *, on: bool) -> bool:
        now = self.view.same(seen)
        return now is None or is_on(now) is on

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

    def _pick(self, holder: Seen, option: str) -> Act:
        """Choose an option of a list: open it, click the option, and read the value back."""
        if self._shows(holder, option):
            return
        listed = self._option_in(holder, option)
        if listed is None or listed.is_offscreen or not listed.has_place:
            yield from self._click(holder)
            yield from self._until(lambda: self._option_in_sight(option) is not None)
            listed = self._option_in_sight(option)
        if listed is not None:
            yield from self._click(listed)
        else:
            yield from self._type(option)
            yield from self._press_key("enter")
        yield from self._until(lambda: self._shows(holder, option), BRIEFLY)
        if not self._shows(holder, option):
            yield from self._until(lambda: self._shows(holder, option), PATIENCE[:2])
            raise NotPossibleError(self._not_chosen(holder, option))

    def _not_chosen(self, holder: Seen, option: str) -> str:
        now = self.view.same(holder) or holder
        name = self.view.label_of(holder)
        options = [seen.element.name for seen in self.view.within(now) if seen.role in OPTIONS]
        there = f"; there are: {', '.join(dict.fromkeys(options))}" if options else ""
        return f"{quoted(option)} cannot be chosen in {quoted(name)}: it shows {quoted(now.element.value)}{there}"[:500]

    def _option_in(self, holder: Seen, option: str) -> Seen | None:
        form = plain(option)
        inside = (seen for seen in self.view.within(holder) if seen.role in OPTIONS)
        return next((seen for seen in inside if plain(seen.element.name) == form), None)

    def _option_in_sight(self, option: str) -> Seen | None:
        form = plain(option)
        return next(
            (
                seen
                for seen in reversed(self.view.all)
                if seen.role in OPTIONS
                and seen.has_place
                and not seen.is_offscreen
                and plain(seen.element.name) == form
            ),
            None,
        )

    def _shows(self, holder: Seen, option: str) -> bool:
        """Tell whether a list shows this option as the one that is chosen."""
        now = self.view.same(holder)
        if now is None:
            return False
        chosen = [
            seen
            for seen in self.view.within(now)
            if seen.role in OPTIONS and seen.element.states & {"selected", "checked"}
        ]
        return short(now.element.value) == short(option) or any(
            plain(seen.element.name) == plain(option) for seen in chosen
        )


def _without(label: str, name: str) -> str:
    """Return the option in `size Large` or `Large size`; empty if the label does not name the list."""
    whole, part = label.split(), words(name)
    lowered = tuple(word.lower() for word in whole)
    if not part or len(whole) <= len(part):
        return ""
    if lowered[: len(part)] == part:
        return " ".join(whole[len(part) :]).removeprefix("to ")
    return " ".join(whole[: -len(part)]) if lowered[-len(part) :] == part else ""


def _is_protected(seen: Seen) -> bool:
    return "protected" in seen.element.states


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
