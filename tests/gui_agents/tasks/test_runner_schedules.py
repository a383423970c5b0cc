"""Any schedule of submissions, cancels, passing time, failures and hangs keeps the runner's bounds."""

import asyncio
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gui_agents.domain.errors import PreconditionError, QueueFullError
from gui_agents.domain.lifecycle import LIVE
from gui_agents.domain.model import ModelError
from gui_agents.domain.sandbox import DEATHS, SandboxEnd, SandboxError, SandboxGoneError, SandboxInfo
from tests.gui_agents.tasks.rig import CLICK, Rig
from tests.promises import broken, broken_between
from tests.virtual_time import run, settle

SLOTS, QUEUE, KEEP, WARM = 2, 3, 1, 1

BEHAVIOURS: dict[str, tuple[dict[str, Any], tuple[Any, ...], dict[str, Any]]] = {
    "quick": ({}, (), {}),
    "works": ({"opens": 0.5, "acts": 0.25, "closes": 0.5}, (CLICK, CLICK), {"seconds": 1}),
    "thinks": ({}, (), {"seconds": 30}),
    "steps": ({"acts": 0.5}, (CLICK,) * 9, {}),
    "no model": ({}, (ModelError("out of reach"),), {"seconds": 1}),
    "does not open": ({"opens": 1, "opening": [SandboxError("no display")]}, (), {}),
    "dies": ({"then": SandboxGoneError("killed", SandboxEnd.KILLED)}, (CLICK,), {}),
    "breaks": ({"then": SandboxError("broken")}, (CLICK,), {}),
    "cannot be made": ({"create_error": SandboxError("no display")}, (), {}),
    "closes slowly": ({"closes": 8}, (), {}),
    "opens stubbornly": ({"opens": 12, "stubborn": "open"}, (), {}),
    "acts stubbornly": ({"acts": 12, "stubborn": "act"}, (CLICK,), {}),
    "closes stubbornly": ({"closes": 12, "stubborn": "close"}, (), {}),
}

steps = st.one_of(
    st.tuples(
        st.just("submit"),
        st.sampled_from(sorted(BEHAVIOURS)),
        st.fixed_dictionaries(
            {"destroy_sandbox": st.booleans(), "timeout_seconds": st.sampled_from([2.0, 100.0]), "steps": st.just(5)}
        ),
    ),
    st.tuples(st.just("continue"), st.integers(0, 20), st.sampled_from(sorted(BEHAVIOURS)), st.booleans()),
    st.tuples(st.just("name"), st.integers(1, 8), st.sampled_from(sorted(BEHAVIOURS))),
    st.tuples(st.just("cancel"), st.integers(0, 20)),
    st.tuples(st.just("die"), st.integers(0, 20), st.sampled_from(sorted(DEATHS))),
    st.tuples(st.just("settle")),
    st.tuples(st.just("wait"), st.sampled_from([0.1, 0.5, 1.0, 3.0, 20.0])),
)


class Witnessed(Rig):
    """A rig that notes which sandboxes were dead when tasks got them."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.given_dead: list[str] = []
        self._given = self.state.sandbox_given
        self.state.sandbox_given = self._witness  # type: ignore[method-assign]

    def _witness(self, task_id: str, sandbox: SandboxInfo, *others: Any) -> None:
        self.given_dead += [
            one.sandbox_id for one in self.sandboxes if one.sandbox_id == sandbox.sandbox_id and one.gone
        ]
        self._given(task_id, sandbox, *others)


def new_rig() -> Witnessed:
    rig = Witnessed(slots=SLOTS, queue=QUEUE, keep=KEEP, keep_seconds=15, warm=WARM)
    for name, (sandbox, actions, model) in BEHAVIOURS.items():
        rig.sandbox(name, **sandbox)
        rig.model(name, *actions, **model)
    rig.sandbox("warm", opens=0.5, closes=0.5)
    rig.pool.start()
    return rig


async def take(rig: Rig, step: tuple[Any, ...], tasks: list[str]) -> None:
    match step:
        case "submit", behaviour, options:
            submit(rig, tasks, behaviour, **options)
        case "continue", index, behaviour, destroy if tasks:
            submit(rig, tasks, behaviour, previous_task_id=tasks[index % len(tasks)], destroy_sandbox=destroy)
        case "name", number, behaviour:
            submit(rig, tasks, behaviour, sandbox_id=f"s{number}", destroy_sandbox=True)
        case "cancel", index if tasks:
            rig.runner.cancel(tasks[index % len(tasks)])
        case "die", index, reason if rig.sandboxes:
            await settle()
            rig.sandboxes[index % len(rig.sandboxes)].die(SandboxGoneError(f"it is {reason}", reason))
            # The news takes a turn of the event loop.
            await settle()
        case "settle", *_:
            await settle()
        case "wait", seconds:
            await asyncio.sleep(seconds)


def submit(rig: Rig, tasks: list[str], behaviour: str, **options: Any) -> None:
    running, pending = rig.live()
    room = pending < QUEUE + SLOTS - running
    try:
        tasks.append(rig.submit(behaviour, **options))
    except QueueFullError:
        assert not room
    except PreconditionError:
        assert {"previous_task_id", "sandbox_id"} & options.keys()
    else:
        assert room


def check(rig: Witnessed) -> None:
    assert rig.given_dead == []
    running, pending = rig.live()
    assert running <= SLOTS
    having = [record.sandbox.sandbox_id for record in map(rig.record, rig.state.live()) if record.sandbox is not None]
    assert len(having) == len(set(having))
    assert pending <= QUEUE + SLOTS
    assert rig.open_now() <= rig.keeper.places + WARM
    assert broken(rig.state.snapshot()) == []


async def play(schedule: list[tuple[Any, ...]], drain_seconds: float) -> None:
    rig, tasks = new_rig(), []
    before = rig.state.snapshot()
    for step in schedule:
        await take(rig, step, tasks)
        check(rig)
        after = rig.state.snapshot()
        assert broken_between(before, after) == []
        before = after
    await rig.runner.drain(drain_seconds)
    check(rig)
    assert [rig.status(task) for task in tasks if rig.status(task) in LIVE] == []
    assert rig.open_now() == 0
    # What was abandoned ends by itself, and changes nothing any more.
    await asyncio.sleep(100)
    assert rig.alive == set()
    assert broken_between(before, rig.state.snapshot()) == []


async def play_to_the_end(schedule: list[tuple[Any, ...]]) -> None:
    """Whatever happened before: with time, every task ends, and the runner is as good as new."""
    rig, tasks = new_rig(), []
    for step in schedule:
        await take(rig, step, tasks)
    await asyncio.sleep(1000)
    assert rig.live() == (0, 0)
    assert (rig.open_now(), rig.state.snapshot().sandboxes.warm) == (WARM, WARM)
    (ready,) = (sandbox for sandbox in rig.sandboxes if not sandbox.closed)
    assert ready.gone is None
    fresh = [rig.submit("quick") for _ in range(SLOTS + QUEUE)]
    await asyncio.gather(*(rig.ended(task) for task in fresh))
    await rig.rest()


@given(schedule=st.lists(steps, max_size=40), drain_seconds=st.sampled_from([0.0, 3.0]))
def test_bounds_hold_at_every_step_and_nothing_is_left_behind(schedule, drain_seconds):
    run(play(schedule, drain_seconds))


@given(schedule=st.lists(steps, max_size=40))
def test_every_task_ends_and_every_place_comes_back(schedule):
    run(play_to_the_end(schedule))
