"""Wrong tokens are limited by address, in bounded memory."""

from gui_agents.access.failures import MAX_ADDRESSES, PER_MINUTE, Failures


def test_the_first_of_a_minute_are_not_too_many():
    failures = Failures()
    assert [failures.too_many("a", 0.0) for _ in range(PER_MINUTE + 2)] == [False] * PER_MINUTE + [True] * 2
    assert not failures.too_many("b", 0.0)
    assert not failures.too_many("a", 60.0)


def test_addresses_are_remembered_in_bounded_memory():
    failures = Failures()
    for number in range(2 * MAX_ADDRESSES):
        failures.too_many(str(number), 0.0)
    assert len(failures._rates) == MAX_ADDRESSES
