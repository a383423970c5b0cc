"""The guard: who is behind a token, and what a changed file does."""

import logging
import threading

import pytest

from gui_agents.access.guard import Guard
from gui_agents.domain.access import ANYBODY, AuthFailure, Identity, Quotas, Role
from gui_agents.domain.errors import ConfigError
from tests.callers import create


def bearer(token: str) -> str:
    return f"Bearer {token}"


def test_without_a_file_everybody_is_anybody_with_the_quotas_of_the_settings():
    guard = Guard(None, Quotas(running=3))
    assert not guard.on
    assert guard.identify(None) == Identity("", ANYBODY.roles, Quotas(running=3))
    assert (guard.quotas("whoever"), guard.reload()) == (Quotas(running=3), False)


def test_a_token_is_its_name_with_its_roles_and_quotas_over_those_of_the_settings(tmp_path):
    token = create(tmp_path / "tokens", "ci", "submit,read", "running=1")
    guard = Guard(tmp_path / "tokens", Quotas(running=3, queued=7))
    quotas = Quotas(running=1, queued=7)
    assert guard.identify(bearer(token)) == Identity("ci", frozenset({Role.SUBMIT, Role.READ}), quotas)
    assert (guard.quotas("ci"), guard.quotas("gone")) == (quotas, Quotas(running=3, queued=7))


def test_whoever_was_identified_goes_on_with_its_token_and_not_with_its_name(tmp_path):
    path = tmp_path / "tokens"
    lost = create(path, "ci", "submit")
    guard = Guard(path)
    caller = guard.identify(bearer(lost))
    text = path.read_text().replace("submit", "read")
    path.write_text(text)
    guard.reload()
    assert guard.current(caller) == Identity("ci", frozenset({Role.READ}))
    path.write_text("")
    create(path, "ci", "submit")
    guard.reload()
    assert guard.current(caller) is None
    assert Guard(None).current(ANYBODY) == ANYBODY


@pytest.mark.parametrize(
    ("header", "failure"),
    [
        (None, AuthFailure.MISSING),
        ("", AuthFailure.MALFORMED),
        ("Bearer", AuthFailure.MALFORMED),
        ("Bearer x", AuthFailure.MALFORMED),
        ("Basic gat_" + "x" * 43, AuthFailure.MALFORMED),
        ("gat_" + "x" * 43, AuthFailure.MALFORMED),
        ("Bearer gat_" + "x" * 43 + ",Bearer gat_" + "x" * 43, AuthFailure.MALFORMED),
        ("Bearer gat_" + "x" * 43, AuthFailure.UNKNOWN),
    ],
)
def test_why_a_header_is_nobody(tmp_path, header, failure):
    create(tmp_path / "tokens", "ci", "submit")
    assert Guard(tmp_path / "tokens").identify(header) is failure


def test_a_change_is_in_use_after_the_next_reload(tmp_path):
    path = tmp_path / "tokens"
    first = create(path, "first", "submit")
    guard = Guard(path)
    assert not guard.reload()
    second = create(path, "second", "read")
    assert guard.identify(bearer(second)) is AuthFailure.UNKNOWN
    assert guard.reload()
    assert isinstance(guard.identify(bearer(second)), Identity)
    path.write_text(path.read_text().split("\n", 1)[1])
    assert guard.reload()
    assert guard.identify(bearer(first)) is AuthFailure.UNKNOWN


def test_a_change_that_cannot_be_used_is_told_once_and_tried_until_it_can(tmp_path, caplog):
    path = tmp_path / "tokens"
    token = create(path, "ci", "submit")
    good = path.read_text()
    guard = Guard(path)
    path.write_text("ci wrong\n")
    assert [guard.reload() for _ in range(3)] == [False] * 3
    assert isinstance(guard.identify(bearer(token)), Identity)
    errors = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert len(errors) == 1
    assert "line 1, roles: is missing" in errors[0].getMessage()
    path.unlink()
    assert [guard.reload() for _ in range(3)] == [False] * 3
    assert len([record for record in caplog.records if record.levelno == logging.ERROR]) == 2
    path.write_text(good)
    assert guard.reload()


def test_a_file_that_others_can_read_is_told_with_what_to_run(tmp_path, caplog):
    path = tmp_path / "tokens"
    create(path, "ci", "submit")
    path.chmod(0o644)
    Guard(path)
    assert f"ACCESS_TOKENS_FILE {path} can be read by other users; run: chmod 600 {path}" in caplog.text


def test_a_file_without_tokens_is_told(tmp_path, caplog):
    path = tmp_path / "tokens"
    path.touch(mode=0o600)
    Guard(path)
    assert "has no token, so no call is let in" in caplog.text


def test_a_file_that_cannot_be_used_ends_the_start(tmp_path):
    (tmp_path / "tokens").write_text("ci\nanna\n")
    with pytest.raises(ConfigError) as caught:
        Guard(tmp_path / "tokens")
    assert len(caught.value.mistakes) == 2


def test_threads_see_the_tokens_before_a_change_or_after_it(tmp_path):
    path = tmp_path / "tokens"
    tokens = [create(path, f"t{number}", "submit") for number in range(3)]
    texts = [path.read_text(), ""]
    guard, ended, seen = Guard(path), threading.Event(), set()

    def look() -> None:
        while not ended.is_set():
            seen.add(type(guard.identify(bearer(tokens[0]))))

    threads = [threading.Thread(target=look) for _ in range(3)]
    for thread in threads:
        thread.start()
    for number in range(200):
        path.write_text(texts[number % 2])
        guard.reload()
    ended.set()
    for thread in threads:
        thread.join()
    assert seen <= {Identity, AuthFailure}
