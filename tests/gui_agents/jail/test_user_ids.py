"""No two jails have one user."""

import pytest

from gui_agents.jail import user_ids


def test_a_user_is_taken_once_until_it_is_free(monkeypatch):
    monkeypatch.setattr(user_ids, "USER_IDS", range(61184, 61186))
    taken = [user_ids.take_user_id(), user_ids.take_user_id()]
    assert {user.number for user in taken} == {61184, 61185}
    with pytest.raises(OSError, match="all user ids of jails are taken"):
        user_ids.take_user_id()
    taken[0].free()
    again = user_ids.take_user_id()
    assert again.number == taken[0].number
    again.free()
    taken[1].free()
