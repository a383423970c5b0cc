"""Roles and quotas as plain values."""

from decimal import Decimal

import pytest

from gui_agents.domain.access import ANYBODY, Identity, Quotas, Role


@pytest.mark.parametrize(
    ("roles", "sees_own", "sees_others", "commands_own", "commands_others"),
    [
        ({Role.SUBMIT}, True, False, True, False),
        ({Role.READ}, True, True, False, False),
        ({Role.SUBMIT, Role.READ}, True, True, True, False),
        ({Role.ADMIN}, True, True, True, True),
        (set(), False, False, False, False),
    ],
)
def test_what_roles_allow(
    roles: set[Role], sees_own: bool, sees_others: bool, commands_own: bool, commands_others: bool
) -> None:
    caller = Identity("ann", frozenset(roles))
    actual = (caller.sees("ann"), caller.sees("bob"), caller.commands("ann"), caller.commands("bob"))
    assert actual == (sees_own, sees_others, commands_own, commands_others)


def test_admin_has_every_role() -> None:
    assert all(Identity("root", frozenset({Role.ADMIN})).has(role) for role in Role)


def test_anybody_may_do_everything_with_the_tasks_of_a_service_without_tokens() -> None:
    assert (ANYBODY.sees(""), ANYBODY.commands("")) == (True, True)


def test_what_quotas_leave_open_comes_from_those_below() -> None:
    mine = Quotas(running=1, cost={"USD": Decimal(5)})
    below = Quotas(running=7, queued=3, cost={"EUR": Decimal(1)})
    assert mine.over(below) == Quotas(running=1, queued=3, cost={"USD": Decimal(5)})
    assert Quotas(queued=0).over(below).queued == 0
