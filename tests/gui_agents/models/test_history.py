"""How much of the past a model is shown is bounded, and changes seldom, for the sake of caches."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gui_agents.domain.model_settings import ModelSettings
from gui_agents.models.history import left_out, too_long


def shown_from(lengths, given):
    """Return the place of the first turn that is shown."""
    first = left_out(len(lengths), given)
    return first + too_long(lengths[first:], given)


def settings(most, characters=10**9):
    return ModelSettings(history_turns=most, history_characters=characters)


@pytest.mark.parametrize(
    ("count", "most", "first"),
    [(0, 30, 0), (30, 30, 0), (31, 30, 10), (40, 30, 10), (41, 30, 20), (5, 1, 4), (5, 2, 3), (5, 0, 5), (9, 6, 4)],
)
def test_the_oldest_turns_go_by_the_third_of_what_is_shown(count, most, first):
    assert left_out(count, settings(most)) == first


def test_characters_bound_the_turns_as_well():
    assert shown_from([100] * 12, settings(12, 600)) == 8
    assert shown_from([100] * 12, settings(12, 800)) == 4


def test_the_last_turn_is_shown_however_long_it_is():
    assert shown_from([10, 10, 10**6], settings(30, 5)) == 2
    assert shown_from([10**6], settings(30, 5)) == 0


@example([1, 200, 0, 0, 0], 18, 200)
@given(st.lists(st.integers(0, 200), max_size=80), st.integers(1, 40), st.integers(200, 3000))
def test_what_is_shown_keeps_both_bounds_and_moves_on_in_batches(lengths, most, characters):
    firsts = [shown_from(lengths[:count], settings(most, characters)) for count in range(len(lengths) + 1)]
    for count, first in enumerate(firsts):
        assert count - first <= most
        assert sum(lengths[first:count]) <= characters
    # Before there is a whole batch, each turn that comes may push another one out.
    batch, thirds = max(1, most // 3), sum(lengths) // (characters // 3)
    assert len(set(firsts)) <= 1 + len(lengths) // batch + thirds * batch
