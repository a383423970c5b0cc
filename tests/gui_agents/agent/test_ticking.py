"""What may change by itself is taken out of a tree, and kept beside it."""

import pytest

from gui_agents.agent import ticking
from gui_agents.agent.ticking import MAX_ELEMENTS, told
from gui_agents.domain.screen import Bounds, Element

BOUNDS = Bounds(0, 0, 10, 10)


def text(name, *, role="text", states=()):
    return Element(role, name, BOUNDS, states=frozenset(states))


def ticks(name):
    return [tick.text for _, found in told(text(name)).ticks.values() for tick in found]


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("at 14:05:07, CPU 40%", ["14:05:07", "CPU 40%"]),
        ("2026-11-26T14:05:07.125Z", ["14:05:07.125Z"]),
        ("14h05m07s", ["14h05m07s"]),
        ("２\uff1a０５ p.m.", ["２\uff1a０５ p.m."]),  # noqa: RUF001 - digits as they are written in Asia
        ("3 min ago", ["3 min ago"]),
        ("just now", ["just now"]),
        ("1.2 MB/s", ["1.2 MB/s"]),
        ("Zoom 40%", []),
        ("CPU limit: 40%", []),
        ("1.10.12", []),
        ("192.168.10.12", []),
        ("3.50", []),
        ("a" * 1000 + "14:05:07", []),
    ],
)
def test_ticks_are_times_ages_and_loads(name, found):
    assert ticks(name) == found


@pytest.mark.parametrize("states", [["focused"], ["editable"]])
def test_what_is_edited_has_no_ticks(states):
    assert told(text("14:05:07", states=states)).ticks == {}


@pytest.mark.parametrize("role", ["textbox", "spin button", "Spin-Button", "combo_box"])
def test_a_field_and_its_parts_have_no_ticks(role):
    field = Element(role, "14:05:07", BOUNDS, children=(text("14:05:07"),))
    assert told(field).ticks == {}


@pytest.mark.parametrize(
    ("before", "now", "by_itself"),
    [
        ("14:05:07", "14:05:10", [True]),
        ("14:05:58", "14:06:01", [True]),
        ("14:05:07", "14:05:17", [False]),
        ("14:05:07", "14:06:07", [False]),
        ("14:05", "14:06", [False]),
        ("5 seconds ago", "8 seconds ago", [True]),
        ("5 seconds ago, 14:05", "8 seconds ago, 14:06", [False]),
        ("14:05:07", "14:05:07", []),
    ],
)
def test_odd_seconds_ages_and_loads_move_by_themselves(before, now, by_itself):
    former, seen = told(text(before)), told(text(now))
    assert seen.digest == former.digest
    assert [each for *_, each in seen.changes(former)] == by_itself


def test_a_wide_tree_is_read_in_part():
    wide = Element("window", "", BOUNDS, children=tuple(text("a") for _ in range(2 * MAX_ELEMENTS)))
    other = Element("window", "", BOUNDS, children=(text("b"), *wide.children[1:]))
    assert told(wide) == told(other)


def test_few_ticks_are_held_of_many():
    many = told(Element("window", "", BOUNDS, children=tuple(text("14:05:07 " * 20) for _ in range(500))))
    assert len(many.ticks) == 200
    assert {len(found) for _, found in many.ticks.values()} == {8}
    assert (many.without_ticks().digest, many.without_ticks().ticks) == (many.digest, {})


def test_a_text_that_was_seen_a_step_ago_is_not_searched_again(monkeypatch):
    tree = Element("window", "", BOUNDS, children=tuple(text(f"14:05:07, item {number}") for number in range(500)))
    searched = []
    monkeypatch.setattr(ticking, "TICKS", Searched(ticking.TICKS, searched))
    first = told(tree)
    assert len(searched) == 500
    assert told(tree) == first
    assert len(searched) == 500


def test_a_long_text_is_searched_as_well_as_a_short_one():
    # It is too long to be remembered, and not too long to be searched.
    assert ticks("x" * 300 + " 14:05:07") == ["14:05:07"]
    assert ticks("x" * 1000 + " 14:05:07") == []


class Searched:
    """A pattern that notes what it is applied to."""

    def __init__(self, pattern, texts):
        self._pattern = pattern
        self._texts = texts

    def sub(self, replace, text):
        self._texts.append(text)
        return self._pattern.sub(replace, text)
