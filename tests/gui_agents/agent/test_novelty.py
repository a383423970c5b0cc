"""What changes little is remembered, and weighed by what it changes after."""

import pytest

from gui_agents.agent.deeds import deeds
from gui_agents.agent.novelty import MAX_PLACES, News, Novelty
from gui_agents.domain.actions import Click, Key, Wait
from gui_agents.pictures.likeness import Changes

SIZE = (1280, 720)
A, B, LATER = (deeds([action]) for action in (Click(100, 100), Click(900, 600), Wait(1.0)))
CHARACTER = deeds([Key(("a",))])


def cells(*places):
    return Changes(160, 90, frozenset(places))


def weighed(*rounds, tree=False):
    novelty = Novelty()
    return [novelty.in_picture(cells(*places), SIZE, done, tree=tree) for done, places in rounds]


MIDDLE, TOP, AT_A = [(80, 45)], [(150, 1), (151, 1)], [(14, 13)]


@pytest.mark.parametrize(
    ("rounds", "last"),
    [
        ([(A, [])], News.NONE),
        ([(A, MIDDLE)], News.NEW),
        ([(A, MIDDLE)] * 9, News.SMALL),
        ([(A, MIDDLE), (A, [*MIDDLE, (81, 45)])], News.NEW),
        ([(A, MIDDLE), (B, MIDDLE), (A, MIDDLE)], News.SMALL),
        ([(A, MIDDLE), (B, MIDDLE), (A, MIDDLE), (LATER, MIDDLE)], News.DOUBTFUL),
        ([(A, TOP)], News.NONE),
        ([(A, [(column, 88) for column in range(9)])], News.NEW),
        ([(CHARACTER, TOP)], News.NEW),
        ([(A, AT_A)], News.SMALL),
        ([(A, TOP), (B, AT_A)], News.SMALL),
        ([(A, [*AT_A, *MIDDLE])], News.NEW),
    ],
)
def test_without_a_tree(rounds, last):
    assert weighed(*rounds)[-1] is last


@pytest.mark.parametrize(
    ("rounds", "last"),
    [
        ([(A, MIDDLE)], News.NONE),
        ([(A, MIDDLE), (A, [(81, 45)])], News.NEW),
        ([(A, MIDDLE), (B, [(81, 45)])], News.NONE),
        ([(A, MIDDLE), (A, AT_A)], News.NONE),
    ],
)
def test_beside_a_tree(rounds, last):
    assert weighed(*rounds, tree=True)[-1] is last


def test_what_is_remembered_is_bounded():
    novelty = Novelty()
    for number in range(2 * MAX_PLACES):
        novelty.in_picture(cells((number % 160, number // 160)), SIZE, A, tree=False)
    assert len(novelty._changed) <= MAX_PLACES
