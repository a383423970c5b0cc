"""Every snapshot keeps the promises of one instant: after any history, and while one is being made."""

import sys
import threading
from decimal import Decimal
from itertools import islice

from hypothesis import example, given
from hypothesis import strategies as st

from tests.fakes import FakeClock, new_state
from tests.gui_agents.histories import VERBS, Event, Player, endless, events
from tests.promises import broken, broken_between, broken_over

SCRAPERS = 3


@given(
    history=st.lists(events(), min_size=10, max_size=100), retention=st.integers(0, 4), log_messages=st.integers(1, 5)
)
def test_every_snapshot_of_any_history_keeps_the_promises(history, retention, log_messages):
    clock = FakeClock()
    player = Player(new_state(clock, retention=retention, log_messages=log_messages), clock)
    snapshots = [player.state.snapshot()]
    for event in history:
        player.play(event)
        snapshots.append(player.state.snapshot())
    assert broken_over(snapshots) == []


# A call that told no usage, and is billed nevertheless.
BILLED_UNTOLD = [*[Event("create", 0, 0.0)] * 7, *[Event("start", 0, 0.0)] * 2, Event("call", 295, 0.0)]


@example(history=BILLED_UNTOLD)
@given(history=st.lists(events(), min_size=10, max_size=100))
def test_the_tasks_books_add_up_to_those_of_the_service(history):
    clock = FakeClock()
    player = Player(new_state(clock), clock)
    for event in history:
        # A call that ends after its task is the service's expense alone.
        late = event.verb == "call" and player.tasks and not _runs(player, event.number)
        if not late:
            player.play(event)
    snapshot = player.state.snapshot()
    books = [player.state.record(task_id).statistics for task_id in player.tasks]
    assert sum(book.steps for book in books) == snapshot.steps.steps
    assert sum(book.input_tokens for book in books) == sum(part.input for part in snapshot.models.tokens.values())
    assert sum(book.output_tokens for book in books) == sum(part.output for part in snapshot.models.tokens.values())
    assert sum((book.cost for book in books), Decimal(0)) == sum(snapshot.models.cost.values(), Decimal(0))


def _runs(player, number):
    return player.state.status(player.tasks[number % len(player.tasks)]) == "running"


@given(history=st.lists(events(), max_size=40))
def test_a_snapshot_stays_as_it_was(history):
    clock = FakeClock()
    player = Player(new_state(clock), clock)
    for event in history:
        player.play(event)
    taken = player.state.snapshot()
    shown = repr(taken)
    for event in history:
        player.play(event)
    assert repr(taken) == shown


def test_a_snapshot_reads_nothing_without_the_lock():
    state = new_state(FakeClock())
    locked = {}

    def trace(frame, _event, _argument):
        if frame.f_code.co_name in ("statistics", "point", "config_updates", "monotonic", "time"):
            locked[frame.f_code.co_qualname] = state._lock.locked()

    outer = sys.gettrace()
    sys.settrace(trace)
    try:
        state.snapshot()
    finally:
        sys.settrace(outer)
    assert {"TaskTable.statistics", "StreamManager.statistics", "RpcStats.statistics"} <= locked.keys()
    assert [name for name, was_locked in locked.items() if not was_locked] == []


def test_snapshots_of_many_threads_keep_the_promises_while_the_service_works():
    clock = FakeClock()
    state = new_state(clock, retention=20, log_messages=4)
    player = Player(state, clock)
    done = threading.Event()
    started = threading.Barrier(SCRAPERS + 1)
    problems, taken = [], [0] * SCRAPERS

    def scrape(number):
        before = state.snapshot()
        started.wait()
        while not done.is_set():
            after = state.snapshot()
            problems.extend([*broken(after), *broken_between(before, after)])
            before = after
            taken[number] += 1

    scrapers = [threading.Thread(target=scrape, args=(number,)) for number in range(SCRAPERS)]
    for scraper in scrapers:
        scraper.start()
    started.wait()
    try:
        for event in islice(endless(seed=1), 5_000):
            player.play(event)
    finally:
        done.set()
        for scraper in scrapers:
            scraper.join()
    assert problems == []
    assert all(taken)


def test_histories_have_every_verb_of_the_state():
    verbs = {"create", "start", "complete", "fail", "cancel", "reject", "decide", "act", "tell", "call"}
    verbs |= {"create_sandbox", "give_sandbox", "give_kept_sandbox", "end_sandbox", "fail_sandbox", "sweep_sandboxes"}
    verbs |= {"warm_sandbox", "cool_sandbox", "connect", "subscribe", "take", "unsubscribe"}
    verbs |= {"start_rpc", "end_rpc", "update_config", "beat", "count_files", "pass_time"}
    assert set(VERBS) == verbs
