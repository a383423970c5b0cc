"""Texts are weighed wherever they stand."""

from sys import getsizeof

from gui_agents.domain.actions import Type
from gui_agents.domain.model import Turn
from gui_agents.domain.weight import weight
from tests.fakes import a_spec


def test_a_text_weighs_what_it_takes():
    assert weight("x" * 1000) == getsizeof("x" * 1000)
    assert weight("\U0001f600" * 1000) > 4000


def test_texts_are_found_in_everything_that_a_client_or_a_model_fills():
    assert weight(Turn("one", Type("two"), "three", "four", "5")) == sum(
        map(getsizeof, ("one", "two", "three", "four", "5"))
    )
    assert weight(a_spec("x" * 10_000)) - weight(a_spec("")) == 10_000
    assert weight({"a": ("b", ["c"])}) == 3 * getsizeof("a")
    assert weight(None) == weight(5) == 0
