import asyncio
import base64
import contextlib
import threading

import bcrypt
import pytest

from collectors.http import passwords
from collectors.http.messages import Request
from collectors.http.passwords import MAX_WAITING_FOR_ONE, MAX_WRONG, Passwords, Verdict
from collectors.http.turns import MAX_WAITING
from collectors.http.web_config import cost
from tests.collectors.http.credentials import HASH, SECRET, basic, hashed
from tests.collectors.http.serving import TIMEOUT

HERE = "127.0.0.1"
COSTS = {"cheap": "04", "middling": "09", "dear": "12"}


@contextlib.contextmanager
def checking(*, patience_seconds=TIMEOUT, **users):
    checker = Passwords({name: hashed.encode() for name, hashed in users.items()}, patience_seconds)
    try:
        yield checker
    finally:
        checker.retire()


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
    checks = [
        asyncio.create_task(checker.check(basic("me", f"wrong {number}"), client))
        for number, client in enumerate(clients)
    ]
    try:
        async with asyncio.timeout(TIMEOUT / 4):
            # One turn to ask, one to be sent away, one to hear it.
            for _ in range(3):
                await asyncio.sleep(0)
            yield checks
    finally:
        gate.go_on.set()


def asked(authorization, client=HERE):
    return Request("GET", "/metrics", "", {"authorization": authorization}, 0.0, client)


async def test_few_checks_wait_for_bcrypt(monkeypatch):
    gate = Gate(monkeypatch)
    with checking(me=HASH) as checker:
        async with waiting(checker, gate, [HERE] * (MAX_WAITING + 1 + 50)) as checks:
            gone = [check for check in checks if check.done()]
            assert {await check for check in gone} == {Verdict.BUSY}
            assert len(gone) == 50
        verdicts = [await check for check in checks if check not in gone]
        assert set(verdicts) == {Verdict.DENIED}


async def test_who_has_to_come_back_is_told_when(monkeypatch):
    gate = Gate(monkeypatch)
    with checking(me=HASH, patience_seconds=0.0) as checker:
        refusal = await checker.refusal(asked(basic("me", "wrong")))
        assert (refusal.status, refusal.headers) == (429, (("Retry-After", "1"),))
        gate.go_on.set()


@pytest.mark.parametrize("flood", ["elsewhere", HERE])
async def test_a_right_password_gets_in_at_its_second_request_whatever_else_is_sent(monkeypatch, flood):
    # With this key no guess of the test takes the place in which the right password is remembered.
    monkeypatch.setattr(passwords.secrets, "token_bytes", bytes)
    right = basic("me")
    steps = threading.Semaphore(0)
    monkeypatch.setattr(
        passwords.bcrypt, "checkpw", lambda password, _: steps.acquire(timeout=TIMEOUT) and password == SECRET.encode()
    )
    with checking(me=HASH) as checker:
        guesses = set()

        async def guess(count):
            for _ in range(count):
                authorization = basic("me", f"guess {len(guesses)}")
                guesses.add(asyncio.create_task(checker.check(authorization, flood)))
                await asyncio.sleep(0)

        await guess(3 * MAX_WAITING)
        first = asyncio.create_task(checker.check(right, HERE))
        await guess(3 * MAX_WAITING)
        while flood == HERE and not first.done():
            await guess(1)
        if flood == HERE:
            assert await first is Verdict.BUSY
            second = asyncio.create_task(checker.check(right, HERE))
            await guess(0)
            while second.done():
                second = asyncio.create_task(checker.check(right, HERE))
                await asyncio.sleep(0)
        else:
            second = first
        # The check that runs, one of the flood, and the right one.
        for _ in range(3):
            steps.release()
        async with asyncio.timeout(TIMEOUT):
            assert await second is Verdict.ALLOWED
        assert await checker.check(right, "anywhere") is Verdict.ALLOWED
        checker.retire()
        steps.release()
        await asyncio.gather(*guesses)


async def test_one_credential_is_checked_once_for_all_that_send_it(monkeypatch):
    gate = Gate(monkeypatch)
    with checking(me=HASH) as checker:
        same = [asyncio.create_task(checker.check(basic("me", "wrong"), HERE)) for _ in range(MAX_WAITING_FOR_ONE + 3)]
        await asyncio.sleep(0)
        while not any(check.done() for check in same):
            await asyncio.sleep(0)
        gate.go_on.set()
        verdicts = [await check for check in same]
    assert verdicts == [Verdict.DENIED] * MAX_WAITING_FOR_ONE + [Verdict.BUSY] * 3


async def test_those_who_have_left_take_no_place(monkeypatch):
    gate = Gate(monkeypatch)
    with checking(me=HASH) as checker:
        for _ in range(3 * MAX_WAITING_FOR_ONE):
            left = asyncio.create_task(checker.check(basic("me", "wrong"), HERE))
            await asyncio.sleep(0)
            left.cancel()
            with pytest.raises(asyncio.CancelledError):
                await left
        late = asyncio.create_task(checker.check(basic("me", "wrong"), HERE))
        await asyncio.sleep(0)
        gate.go_on.set()
        assert await late is Verdict.DENIED


async def test_a_check_whose_client_has_left_is_remembered(monkeypatch):
    gate = Gate(monkeypatch, matches=True)
    with checking(me=HASH) as checker:
        impatient = asyncio.create_task(checker.check(basic("me"), HERE))
        await asyncio.to_thread(gate.asked.wait, TIMEOUT)
        impatient.cancel()
        gate.go_on.set()
        async with asyncio.timeout(TIMEOUT):
            while not checker._verified:
                await asyncio.sleep(0.001)
        monkeypatch.setattr(passwords.bcrypt, "checkpw", None)
        assert await checker.check(basic("me"), HERE) is Verdict.ALLOWED


async def test_wrong_credentials_are_remembered_within_bounds(monkeypatch):
    checked = []
    monkeypatch.setattr(passwords.bcrypt, "checkpw", lambda *pair: checked.append(pair) and False)
    with checking(me=HASH) as checker:
        for _ in range(3):
            assert await checker.check(basic("me", "wrong"), HERE) is Verdict.DENIED
        assert len(checked) == 1
        for number in range(MAX_WRONG):
            await checker.check(basic("me", str(number)), HERE)
        assert len(checker._wrong) == MAX_WRONG
        checker.use({"me": HASH.encode()})
        assert not checker._wrong


async def test_a_check_that_fails_is_told_and_ends_no_other(monkeypatch, caplog):
    monkeypatch.setattr(passwords.bcrypt, "checkpw", lambda *_: 1 / 0)
    with checking(me=HASH) as checker:
        assert await checker.check(basic("me"), HERE) is Verdict.BUSY
        monkeypatch.undo()
        assert await checker.check(basic("me"), HERE) is Verdict.ALLOWED
    assert "a password could not be checked" in caplog.text


async def test_without_a_thread_a_client_is_told_to_come_back(monkeypatch):
    def start(_):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(passwords.threading.Thread, "start", start)
    with checking(me=HASH) as checker:
        assert await checker.check(basic("me"), HERE) is Verdict.BUSY
        monkeypatch.undo()
        assert await checker.check(basic("me"), HERE) is Verdict.ALLOWED


async def test_at_the_end_nobody_waits(monkeypatch):
    gate = Gate(monkeypatch)
    with checking(me=HASH) as checker:
        async with waiting(checker, gate, [HERE] * 3) as checks:
            await asyncio.sleep(0)
            checker.retire()
            assert [await check for check in checks] == [Verdict.BUSY] * 3


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
