"""What hands do with what is chosen: check, turn on, choose from a list; each choice is read back from the screen."""

from functools import partial
from typing import Final

from gui_agents.decider.labels import quoted, short
from gui_agents.decider.problems import NotPossibleError
from gui_agents.decider.real.finding import find, missing
from gui_agents.decider.real.hands import ATTEMPTS, BRIEFLY, PATIENCE, Act, Hands, is_on
from gui_agents.decider.real.nouns import OPTIONS, SELECTS, TOGGLES
from gui_agents.decider.real.targets import plain, words
from gui_agents.decider.real.view import Seen

_SWITCHED: Final = TOGGLES | {"radio", "menuitem", "button"}
_CHOSEN: Final = OPTIONS | TOGGLES | SELECTS
_ON: Final = frozenset({"on", "true", "yes", "enabled", "checked"})
_OFF: Final = frozenset({"off", "false", "no", "disabled", "unchecked"})


class ChoosingHands(Hands):
    """Hands that know boxes, switches and lists. What has no underscore is what an instruction can ask for."""

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

    def _pick(self, holder: Seen, option: str) -> Act:
        """Choose an option of a list: open it, click the option, and read the value back."""
        if self._shows(holder, option):
            return
        listed = self._offered(holder, option)
        if listed is None:
            yield from self._click(holder)
            yield from self._until(lambda: self._offered(holder, option) is not None)
            listed = self._offered(holder, option)
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

    def _offered(self, holder: Seen, option: str) -> Seen | None:
        """Return an option that can be clicked, perhaps after scrolling: of the list, or of what has opened for it."""
        form = plain(option)
        named = [seen for seen in self.view.all if seen.role in OPTIONS and self.view.plain_of(seen) == form]
        now = self.view.same(holder)
        own = [seen for seen in named if any(each is now for each in seen.above())]
        popup = [seen for seen in named if seen not in own and seen.parent is not None and seen.parent.has_place]
        for seen in (*own, *popup) if holder.role != "combobox" else (*popup, *own):
            if (seen.has_place and not seen.is_offscreen) or (seen.parent is not None and seen.parent.role == "list"):
                return seen
        return None

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
