import asyncio
import base64
import contextlib
import threading

import bcrypt
import pytest

from collectors.http import passwords
from collectors.http.passwords import MAX_WAITING, Passwords, Verdict
from collectors.http.web_config import cost
from tests.collectors.http.credentials import HASH, SECRET, basic, hashed
from tests.collectors.http.serving import TIMEOUT

HERE = "127.0.0.1"
COSTS = {"cheap": "04", "middling": "09", "dear": "12"}


@contextlib.contextmanager
def checking(**users):
    checker = Passwords({name: hashed.encode() for name, hashed in users.items()})
    try:
        yield checker
    finally:
        checker.close()


@pytest.mark.parametrize(
    ("authorization", "verdict"),
    [
        (basic("me", SECRET), Verdict.ALLOWED),
        (basic("me", SECRET).replace("Basic", "bAsIc"), Verdict.ALLOWED),
        (basic("me", "wrong"), Verdict.DENIED),
        (basic("you", SECRET), Verdict.DENIED),
        (basic("me", SECRET + "\0"), Verdict.DENIED),
        (basic("me", ""), Verdict.DENIED),
        ("", Verdict.DENIED),
        ("Bearer abc", Verdict.DENIED),
        ("Basic ?", Verdict.DENIED),
        ("Basic \xe9\xe9", Verdict.DENIED),
        ("Basic " + base64.b64encode(b"no colon").decode(), Verdict.DENIED),
        ("Basic " + base64.b64encode(b"\xff:x").decode(), Verdict.DENIED),
    ],
)
async def test_only_the_right_password_is_allowed(authorization, verdict):
    with checking(me=HASH) as checker:
        for _ in range(2):
            assert await checker.check(authorization, HERE) is verdict


async def test_a_verified_password_costs_no_bcrypt_again(monkeypatch):
    checked = []
    real = bcrypt.checkpw
    monkeypatch.setattr(passwords.bcrypt, "checkpw", lambda *pair: checked.append(pair) or real(*pair))
    with checking(me=HASH) as checker:
        for _ in range(5):
            assert await checker.check(basic("me", SECRET), HERE) is Verdict.ALLOWED
        assert len(checked) == 1
        assert await checker.check(basic("me", "wrong"), HERE) is Verdict.DENIED
        assert await checker.check(basic("me", SECRET), HERE) is Verdict.ALLOWED
        assert len(checked) == 2


@pytest.mark.parametrize("user", ["cheap", "middling", "dear", "nobody"])
async def test_what_does_not_match_costs_the_same_for_everyone(monkeypatch, user):
    rounds = []
    monkeypatch.setattr(passwords.bcrypt, "checkpw", lambda _, hashed: rounds.append(2 ** cost(hashed)) or False)
    users = {name: HASH.replace("$04$", f"${price}$") for name, price in COSTS.items()}
    with checking(**users) as checker:
        assert await checker.check(basic(user, "wrong"), HERE) is Verdict.DENIED
    assert sum(rounds) == 2**12


async def test_a_password_that_is_too_long_costs_as_much_as_a_wrong_one(monkeypatch):
    rounds = []
    monkeypatch.setattr(
        passwords.bcrypt, "checkpw", lambda _, hashed: rounds.append(2 ** cost(hashed)) or len(rounds) == 1
    )
    with checking(cheap=HASH, dear=HASH.replace("$04$", "$12$")) as checker:
        assert await checker.check(basic("cheap", "x" * 73), HERE) is Verdict.DENIED
    assert sum(rounds) == 2**12


async def test_what_stands_in_for_a_hash_can_be_checked():
    with checking(me=HASH, you=hashed(cost=5)) as checker:
        assert await checker.check(basic("me", "wrong"), HERE) is Verdict.DENIED
        assert await checker.check(basic("nobody", "wrong"), HERE) is Verdict.DENIED


async def test_a_password_beyond_what_bcrypt_reads_never_matches():
    long = "x" * 72
    with checking(me=bcrypt.hashpw(long.encode(), bcrypt.gensalt(4)).decode()) as checker:
        assert await checker.check(basic("me", long), HERE) is Verdict.ALLOWED
        assert await checker.check(basic("me", long + "y"), HERE) is Verdict.DENIED


class Gate:
    """Checks that no password passes, and that wait for a test."""

    def __init__(self, monkeypatch, matches=False):
        self.asked = threading.Event()
        self.go_on = threading.Event()
        self._matches = matches
        monkeypatch.setattr(passwords.bcrypt, "checkpw", self._check)

    def _check(self, *_):
        self.asked.set()
        assert self.go_on.wait(TIMEOUT)
        return self._matches


@contextlib.asynccontextmanager
async def waiting(checker, gate, clients):
    """Let clients wait for a check; the end of the block ends their waiting."""
    checks = [asyncio.create_task(checker.check(basic("me", "wrong"), client)) for client in clients]
    try:
        async with asyncio.timeout(TIMEOUT / 4):
            await asyncio.sleep(0)
            yield checks
    finally:
        gate.go_on.set()


async def test_few_checks_wait_for_bcrypt(monkeypatch):
    gate = Gate(monkeypatch)
    with checking(me=HASH) as checker:
        async with waiting(checker, gate, [str(number) for number in range(MAX_WAITING)]) as checks:
            assert await checker.check(basic("me", "wrong"), HERE) is Verdict.BUSY
            refusal = await checker.refusal(basic("me", "wrong"), HERE)
            assert (refusal.status, refusal.headers) == (503, (("Retry-After", "1"),))
        assert set(await asyncio.gather(*checks)) == {Verdict.DENIED}
        assert await checker.check(basic("me", "wrong"), HERE) is Verdict.DENIED


async def test_one_address_leaves_room_for_others(monkeypatch):
    gate = Gate(monkeypatch)
    with checking(me=HASH) as checker:
        async with waiting(checker, gate, ["flood"] * MAX_WAITING) as checks:
            assert [check.done() for check in checks] == [False] * 2 + [True] * (MAX_WAITING - 2)
            late = asyncio.create_task(checker.check(basic("me", "wrong"), HERE))
            await asyncio.sleep(0)
            assert not late.done()
        verdicts = [await check for check in (*checks, late)]
        assert verdicts == [Verdict.DENIED] * 2 + [Verdict.BUSY] * (MAX_WAITING - 2) + [Verdict.DENIED]
        assert await checker.check(basic("me", "wrong"), "flood") is Verdict.DENIED


async def test_who_keeps_the_hash_stays_remembered(monkeypatch):
    other = hashed("other")
    with checking(me=HASH, you=other) as checker:
        assert await checker.check(basic("me"), HERE) is Verdict.ALLOWED
        assert await checker.check(basic("you", "other"), HERE) is Verdict.ALLOWED
        checker.use({"me": HASH.encode(), "you": HASH.encode()})
        checked = []
        monkeypatch.setattr(passwords.bcrypt, "checkpw", lambda *pair: checked.append(pair) or False)
        assert await checker.check(basic("me"), HERE) is Verdict.ALLOWED
        assert checked == []
        assert await checker.check(basic("you", "other"), HERE) is Verdict.DENIED
        assert len(checked) == 1
        checker.use({"you": HASH.encode()})
        assert await checker.check(basic("me"), HERE) is Verdict.DENIED


async def test_who_goes_while_the_password_is_checked_is_not_let_in(monkeypatch):
    gate = Gate(monkeypatch, matches=True)
    with checking(me=HASH) as checker:
        async with waiting(checker, gate, [HERE]) as checks:
            checker.use({"me": hashed("other").encode()})
        assert await checks[0] is Verdict.DENIED
