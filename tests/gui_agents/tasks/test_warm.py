"""The warm pool: sandboxes that stand ready before there is a task for them."""

import asyncio

import pytest

from gui_agents.domain.cloud import Account, CloudOrder, SandboxKind
from gui_agents.domain.sandbox import SandboxEnd, SandboxError, SandboxGoneError
from gui_agents.domain.secret import Secret
from gui_agents.domain.spec import TaskSpec
from gui_agents.tasks.reaper import Reaper
from gui_agents.tasks.warm import LONGEST_PAUSE_SECONDS, OPEN_SECONDS, WarmPool
from tests.fakes import a_spec, new_state
from tests.gui_agents.tasks.rig import AGES, TimedSandbox
from tests.promises import broken
from tests.virtual_time import LoopClock, settle, virtual

OUT_OF_MEMORY = SandboxGoneError("it used too much", SandboxEnd.OUT_OF_MEMORY)

CLOUD = CloudOrder(
    account=Account(
        organization="org",
        api_key=Secret("key"),
        base_url="https://example.com",
        configured=True,
        of_operator=True,
        named_by="LYBIC_API_ENDPOINT",
    ),
    kind=SandboxKind(),
)


class Stable:
    """A pool with its books; the sandboxes of the first attempts take the options that `plan` lists."""

    def __init__(self, size: int = 1, *plan: dict[str, object] | BaseException, then: object = None) -> None:
        self.state = new_state(LoopClock())
        self.reaper = Reaper(self.state)
        self.pool = WarmPool(self.state, self.reaper, self, a_spec("plain"), size=size)
        self.made: list[TimedSandbox] = []
        self.attempts: list[float] = []
        """When each was made, or should have been."""
        self.alive: set[str] = set()
        self._plan = list(plan)
        self._then = {} if then is None else then
        self.pool.start()

    def create(self, spec: TaskSpec) -> TimedSandbox:
        assert spec.instruction == "plain"
        self.attempts.append(asyncio.get_running_loop().time())
        options = self._plan.pop(0) if self._plan else self._then
        if isinstance(options, BaseException):
            raise options
        sandbox = TimedSandbox(sandbox_id=f"s{len(self.made) + 1}", **options)
        sandbox.alive = self.alive
        self.made.append(sandbox)
        return sandbox

    def taken(self, **changes: object) -> str | None:
        """Take one away, and return its id."""
        ready = self.pool.take(a_spec(**changes))
        if ready is None:
            return None
        self.alive.discard(ready.info.sandbox_id)
        return ready.info.sandbox_id

    @property
    def warm(self) -> int:
        """Those that the books call ready."""
        assert broken(self.state.snapshot()) == []
        return self.state.snapshot().sandboxes.warm

    def ended(self) -> dict[str, int]:
        """Return why sandboxes have ended, by reason."""
        ended = self.state.snapshot().sandboxes.ended
        return {reason: number for (_, reason), number in ended.items() if number}

    async def rest(self) -> None:
        """Stop, and check that nothing is left."""
        self.pool.stop()
        await self.reaper.finish(10)
        await settle()
        assert (self.alive, self.warm) == (set(), 0)
        assert self.taken() is None


@virtual
async def test_sandboxes_are_opened_one_after_the_other_until_enough_stand_ready():
    stable = Stable(3, then={"opens": 2})
    await asyncio.sleep(3)
    assert (stable.warm, stable.attempts) == (1, [0, 2])
    await asyncio.sleep(60)
    assert (stable.warm, stable.attempts) == (3, [0, 2, 4])
    await stable.rest()
    assert stable.ended() == {"closed": 3}


@virtual
async def test_one_that_is_taken_is_replaced_and_never_comes_back():
    stable = Stable(2, then={"opens": 1})
    await asyncio.sleep(5)
    assert [stable.taken(), stable.taken(), stable.taken()] == ["s1", "s2", None]
    assert stable.warm == 0
    await asyncio.sleep(5)
    assert [stable.taken(), stable.taken()] == ["s3", "s4"]
    await stable.rest()
    assert [sandbox.closed for sandbox in stable.made[:4]] == [[], [], [], []]


@virtual
async def test_a_task_that_needs_another_kind_takes_none():
    stable = Stable()
    await settle()
    assert stable.taken(backend="another") is None
    assert stable.taken(cloud=CLOUD) is None
    assert stable.taken(sandbox_id="of the cloud") is None
    assert (stable.taken(), len(stable.made)) == ("s1", 1)
    await stable.rest()


@virtual
async def test_without_a_size_nothing_is_opened():
    stable = Stable(0)
    await asyncio.sleep(60)
    assert (stable.attempts, stable.taken()) == ([], None)
    await stable.rest()


@virtual
async def test_one_that_dies_is_counted_closed_and_replaced():
    stable = Stable()
    await settle()
    stable.made[0].die(OUT_OF_MEMORY)
    await settle()
    assert (stable.taken(), stable.warm, stable.ended()) == (None, 0, {"out_of_memory": 1})
    assert (stable.made[0].closed, stable.state.snapshot().sandboxes.failures["Simulated"]) == ([True], 1)
    await asyncio.sleep(60)
    assert stable.taken() == "s2"
    await stable.rest()


@virtual
async def test_one_that_was_taken_is_watched_no_longer():
    stable = Stable()
    await settle()
    assert stable.taken() == "s1"
    stable.made[0].die(OUT_OF_MEMORY)
    await settle()
    assert (stable.made[0].closed, stable.ended()) == ([], {})
    await stable.rest()


@pytest.mark.parametrize(
    "failing",
    [SandboxError("no display"), {"opening": [SandboxError("no display")]}, {"opening": [SystemExit(3)]}],
    ids=["not made", "not opened", "raises anything"],
)
@virtual
async def test_what_does_not_open_is_tried_again_later_each_time(failing, caplog):
    stable = Stable(1, *[failing] * 10)
    await asyncio.sleep(10 * LONGEST_PAUSE_SECONDS)
    assert stable.attempts == [0, 1, 3, 7, 15, 31, 63, 123, 183, 243, 303]
    assert (stable.warm, stable.ended()) == (1, {})
    failures = stable.state.snapshot().sandboxes.failures["Simulated"]
    assert failures == (0 if isinstance(failing, SandboxError) else 10)
    said = [record.getMessage() for record in caplog.records]
    assert said[1].startswith(
        "no sandbox could be made ready for a task to come; the next attempt follows in 2 seconds: "
    )
    assert len(said) == 10
    await stable.rest()


@virtual
async def test_a_sandbox_that_does_not_say_what_it_is_is_closed_and_counts_as_no_type():
    stable = Stable(1, {"sandbox_type": "Toaster"})
    await settle()
    assert (stable.made[0].closed, stable.warm) == ([True], 0)
    assert sum(stable.state.snapshot().sandboxes.failures.values()) == 0
    await stable.rest()


@virtual
async def test_a_sandbox_that_opens_and_dies_at_once_is_no_flood():
    stable = Stable()
    began = asyncio.get_running_loop().time()
    while asyncio.get_running_loop().time() < began + 3600:
        await asyncio.sleep(0.5)
        for sandbox in stable.made:
            sandbox.die(OUT_OF_MEMORY)
    assert 50 < len(stable.attempts) < 70
    await stable.rest()


@virtual
async def test_a_task_that_takes_one_ends_the_pauses():
    stable = Stable(1, *[SandboxError("no display")] * 5)
    await asyncio.sleep(32)
    taken = stable.taken()
    assert taken is not None
    await settle()
    assert stable.attempts[-1] == 32
    await stable.rest()


@virtual
async def test_failures_without_end_keep_to_the_longest_pause():
    stable = Stable(then=SandboxError("never"))
    await asyncio.sleep(2000 * LONGEST_PAUSE_SECONDS)
    assert stable.attempts[-1] - stable.attempts[-2] == LONGEST_PAUSE_SECONDS
    await stable.rest()


@virtual
async def test_opening_takes_only_so_long(caplog):
    stable = Stable(1, {"opens": AGES})
    await asyncio.sleep(OPEN_SECONDS + 1)
    assert stable.made[0].closed == [True]
    assert "the next attempt follows in 1 seconds: TimeoutError" in caplog.text
    await asyncio.sleep(1)
    assert stable.taken() == "s2"
    await stable.rest()


@virtual
async def test_the_place_of_one_that_closes_slowly_is_not_taken_before():
    stable = Stable(1, {"closes": 8}, {"closes": 8})
    await settle()
    stable.made[0].die(OUT_OF_MEMORY)
    await asyncio.sleep(7)
    assert len(stable.alive) == 1
    await asyncio.sleep(5)
    assert stable.taken() == "s2"
    await stable.rest()


@pytest.mark.parametrize("stubborn", ["", "open"])
@virtual
async def test_one_that_is_being_opened_is_closed_at_the_end(stubborn, caplog):
    stable = Stable(2, {}, {"opens": 5, "stubborn": stubborn})
    await asyncio.sleep(1)
    await stable.rest()
    assert [sandbox.closed for sandbox in stable.made] == [[True], [True]]
    assert stable.ended() == {"closed": 1}
    # What swallowed the cancel opens at last, and changes nothing.
    await asyncio.sleep(60)
    assert (stable.warm, stable.ended(), len(stable.attempts)) == (0, {"closed": 1}, 2)
    assert caplog.messages == []


@virtual
async def test_a_pool_may_be_stopped_before_it_began_and_twice():
    stable = Stable()
    stable.pool.stop()
    await settle()
    assert stable.attempts == []
    await stable.rest()
