import random

import attrs
import pytest

from collectors.http.turns import Turns
from gui_agents.domain.address import site


@attrs.define(eq=False)
class Check:
    digest: bytes
    address: str = "a"
    flow: tuple[str, str] = ("me", "")
    awaited: bool = True


def digest(number):
    return number.to_bytes(8, "big") + (number + 1).to_bytes(8, "big")


def check(number, *more, **fields):
    return Check(digest(number), *more, **fields)


def flooded(count, **fields):
    """Return turns that are full of one flow."""
    turns = Turns(most=count, dice=random.Random(1))
    for number in range(count):
        assert turns.add(check(number, **fields)) is None
    return turns


@pytest.mark.parametrize(
    "other",
    [check(10**6, address="b"), check(10**6, flow=("you", "")), check(10**6, flow=("me", "Prometheus"))],
)
def test_who_differs_from_a_flood_gets_in_and_waits_for_one_turn(other):
    turns = flooded(50)
    for number in range(50, 500):
        turns.add(check(number))
    gone = turns.add(other)
    assert gone is not other
    assert other in (turns.take(), turns.take())
    assert len(turns) == 48


def test_what_comes_again_goes_first():
    turns = flooded(50)
    sent_away = None
    number = 100
    while sent_away is None or sent_away.digest == digest(number):
        number += 1
        sent_away = turns.add(check(number))
    again = attrs.evolve(sent_away)
    assert turns.came_back(again.digest)
    assert turns.find(again.digest) is None
    while turns.add(again) is again:
        turns.take()
    assert turns.find(again.digest) is again
    assert turns.take() is again


def test_what_comes_again_gets_in_among_any_number_of_names_and_programs():
    turns = Turns(most=50, dice=random.Random(1))
    for number in range(50):
        turns.add(check(number, flow=(f"u{number}", "")))
    scraper = check(10**6)
    number = 100
    while turns.add(attrs.evolve(scraper)) is None or not turns.came_back(scraper.digest):
        while turns.find(scraper.digest) is not None:
            number += 1
            turns.add(check(number, flow=(f"u{number}", "")))
    again = attrs.evolve(scraper)
    if turns.find(again.digest) is None:
        turns.add(again)
    assert scraper.digest in {turns.take().digest, turns.take().digest}


def test_what_looks_alike_goes_in_the_order_in_which_it_came_and_the_awaited_first():
    turns = Turns()
    for number in range(4):
        turns.add(check(number, awaited=number % 2 == 1))
    assert [turns.take().digest for _ in range(4)] == [digest(number) for number in (1, 3, 0, 2)]
    assert turns.take() is None


def test_of_a_full_queue_those_go_first_that_nobody_waits_for():
    turns = flooded(10, awaited=False)
    left = check(100)
    assert not turns.add(left).awaited
    assert turns.take() is left


def test_what_is_sent_away_is_not_to_be_foretold():
    gone = set()
    for seed in range(50):
        turns = Turns(most=10, dice=random.Random(seed))
        for number in range(10):
            turns.add(check(number))
        gone.add(turns.add(check(10)).digest)
    assert len(gone) == 11


def test_the_work_of_one_turn_does_not_depend_on_how_many_were_sent_away():
    turns = flooded(100)
    for number in range(100, 2_000):
        assert turns.add(check(number)) is not None
        assert len(turns) == 100
    assert len(list(turns.drained())) == 100
    assert len(turns) == 0
    assert not turns._addresses


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("10.0.0.1", "10.0.0.2", False),
        ("10.0.0.1", "::ffff:10.0.0.1", True),
        ("2001:db8::1", "2001:db8::ffff:2", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("", "", True),
    ],
)
def test_who_owns_a_network_has_one_place_in_the_queue(one, other, same):
    assert (site(one) == site(other)) is same
