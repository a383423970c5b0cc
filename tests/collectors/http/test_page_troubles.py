"""What the status page calls wrong, in a real browser that has just opened it, beside a real endpoint."""

import time
from decimal import Decimal

import attrs
import pytest

from gui_agents.domain.journal import KeepsNothing
from gui_agents.domain.lifecycle import Ending, FailureReason, TaskEvent
from gui_agents.domain.storage import StorageOperation, StorageOutcome
from gui_agents.domain.task import RejectReason
from gui_agents.domain.usage import Bill, CallOutcome, ModelCall
from gui_agents.snapshot import HeartbeatSnapshot
from tests.browser import running_browser
from tests.collectors.http.serving import serving
from tests.collectors.sources import Fixed
from tests.fakes import FakeClock, a_spec, new_state

pytestmark = pytest.mark.system_tools

COMPLETED = Ending(event=TaskEvent.COMPLETE, message="done")
FAILED = Ending(event=TaskEvent.FAIL, message="failed", reason=FailureReason.MODEL_ERROR)
CANCELLED = Ending(event=TaskEvent.CANCEL, message="cancelled")
MINUTE = 60.0
TONES = "Object.fromEntries([...document.querySelectorAll('.tile.warn, .tile.bad')].map((e) => [e.id, e.classList[2]]))"


ASK_NOW = "document.dispatchEvent(new Event('visibilitychange'))"


class Waiting(KeepsNothing):
    """The journal of a storage, of which as much waits as a test says."""


class Service:
    """A state to which things happen, at the time of this machine."""

    def __init__(self):
        self.clock = FakeClock(wall=float(int(time.time())))
        self.state = new_state(self.clock, slots=5, queue_capacity=10)
        self._number = 0

    def begin(self, *, running=True):
        self._number += 1
        self.state.task_created(str(self._number), a_spec(), "accepted")
        if running:
            self.state.task_started(str(self._number))
        return str(self._number)

    def end(self, ending, times):
        for _ in range(times):
            self.state.task_ended(self.begin(), ending)

    def call_model(self, outcome, times):
        task_id = self.begin()
        for _ in range(times):
            call = ModelCall("openai", "m", outcome, None, 0.5)
            self.state.model_called(task_id, call, Bill(Decimal(0), None))
        self.state.task_ended(task_id, COMPLETED)

    def pass_time(self, seconds):
        """Let time pass in which the event loop turns; the browser's clock stands still for it."""
        self.clock.advance(seconds)
        self.clock.turn_wall_clock(-seconds)
        self.state.heartbeat()

    def snapshot(self):
        """Return the state as of now: the loop is not blocked, whatever it was while time passed."""
        snapshot = self.state.snapshot()
        heartbeat = HeartbeatSnapshot(snapshot.taken_monotonic_seconds, 0.25, 0.0)
        return attrs.evolve(snapshot, service=attrs.evolve(snapshot.service, heartbeat=heartbeat))


@pytest.fixture(scope="module")
def browser():
    with running_browser() as running:
        yield running


@pytest.fixture
def look(browser):
    """Open the page freshly, and return its badge, its troubles, the colours of its tiles and a tile's text."""

    def look(source, tile="success"):
        with serving(source) as endpoint, browser.tab() as tab:
            tab.open(f"http://127.0.0.1:{endpoint.port}/")
            tab.wait_for("!document.querySelector('#pill').textContent.startsWith('Connecting')")
            badge = (tab.text("#pill"), tab.evaluate("document.querySelector('#pill').classList[1]"))
            # A service that is not ready answers 503 to the probe, which the browser notes as well.
            assert [error for error in tab.errors if "/-/ready" not in error] == []
            return badge, tab.text("#troubles"), tab.evaluate(TONES), tab.text(f"#tile-{tile}")

    return look


def test_an_outage_turns_badge_and_tile_whatever_was_before(look):
    service = Service()
    service.end(COMPLETED, 900)
    service.pass_time(10 * MINUTE)
    service.end(FAILED, 180)
    badge, troubles, tones, tile = look(service)
    assert badge == ("Most tasks fail", "bad")
    assert troubles == "Most tasks fail 180 of 180 tasks that ended in the last 5 minutes failed."
    assert tones == {"tile-success": "bad"}
    assert tile == "Success rate0 % 0 of 180 tasks in the last 5 minutes. Since the start 83.3 % of 1,080."


def test_after_healing_the_page_is_green_and_says_100_percent(look):
    service = Service()
    service.end(FAILED, 180)
    for _ in range(12):
        service.pass_time(MINUTE)
        service.end(COMPLETED, 1)
    badge, troubles, tones, tile = look(service)
    assert (badge, troubles, tones) == (("Taking tasks", "good"), "", {})
    assert tile == "Success rate100 % 6 of 6 tasks in the last 5 minutes. Since the start 6.3 % of 192."


def test_a_quiet_time_after_an_outage_is_no_trouble(look):
    service = Service()
    service.end(FAILED, 3)
    service.pass_time(6 * MINUTE)
    badge, _, tones, tile = look(service)
    assert (badge, tones) == (("Taking tasks", "good"), {})
    assert tile == "Success rate– No task succeeded or failed in the last 5 minutes. Since the start 0 % of 3."


@pytest.mark.parametrize(
    ("completed", "failed", "badge"),
    [
        (0, 1, ("A task failed", "warn")),
        (0, 2, ("A task failed", "warn")),
        (0, 3, ("Most tasks fail", "bad")),
        (3, 3, ("Many tasks fail", "warn")),
        (7, 3, ("Many tasks fail", "warn")),
        (3, 1, ("Taking tasks", "good")),
        (8, 2, ("Taking tasks", "good")),
    ],
)
def test_how_bad_failures_are_depends_on_their_share_and_number(look, completed, failed, badge):
    service = Service()
    service.end(COMPLETED, completed)
    service.end(FAILED, failed)
    assert look(service)[0] == badge


def test_cancelled_tasks_are_no_failures(look):
    service = Service()
    service.end(CANCELLED, 9)
    badge, _, _, tile = look(service)
    assert badge == ("Taking tasks", "good")
    assert tile == "Success rate– No task succeeded or failed in the last 5 minutes."


@pytest.mark.parametrize("outcome", [CallOutcome.ERROR, CallOutcome.TIMEOUT])
def test_a_model_that_does_not_answer_is_told(look, outcome):
    service = Service()
    service.call_model(CallOutcome.OK, 2)
    service.call_model(outcome, 6)
    badge, troubles, tones, tile = look(service, "model")
    assert badge == ("Model does not answer", "bad")
    assert troubles == "Model does not answer 6 of 8 model calls of the last 5 minutes got no answer."
    assert tones == {"tile-model": "bad"}
    assert tile == "Model answers25 % 2 of 8 calls in the last 5 minutes."


def test_an_answer_that_is_no_action_is_an_answer(look):
    service = Service()
    service.call_model(CallOutcome.INVALID, 5)
    assert look(service)[0] == ("Taking tasks", "good")


def test_calls_that_were_given_up_with_their_tasks_say_nothing_of_the_model(look):
    service = Service()
    service.call_model(CallOutcome.ERROR, 4)
    service.end(CANCELLED, 4)
    assert look(service)[0] == ("Taking tasks", "good")


def test_a_full_queue_is_told_with_what_was_refused(look):
    service = Service()
    for _ in range(10):
        service.begin(running=False)
    for _ in range(7):
        service.state.task_rejected(RejectReason.QUEUE_FULL)
    badge, troubles, tones, _ = look(service)
    assert badge == ("Queue is full", "bad")
    assert troubles == (
        "Queue is full All 10 places of the queue are taken. 7 submissions were refused in the last 5 minutes."
    )
    assert tones == {"tile-waiting": "bad"}


def test_a_queue_that_was_full_is_told_for_some_minutes(look):
    service = Service()
    service.state.task_rejected(RejectReason.QUEUE_FULL)
    service.state.task_rejected(RejectReason.INVALID)
    badge, troubles, _, _ = look(service)
    assert badge == ("Queue was full", "warn")
    assert troubles == "Queue was full The queue was full: 1 submission was refused in the last 5 minutes."
    service.pass_time(6 * MINUTE)
    assert look(service)[0] == ("Taking tasks", "good")


@pytest.mark.parametrize(
    ("minutes", "badge"),
    [(4, ("Taking tasks", "good")), (6, ("A task is silent", "warn")), (16, ("A task is stuck", "bad"))],
)
def test_a_task_without_progress_is_told(look, minutes, badge):
    service = Service()
    service.begin()
    service.pass_time(minutes * MINUTE)
    seen, _, tones, _ = look(service)
    assert seen == badge
    assert tones == ({} if badge[1] == "good" else {"tile-running": badge[1]})


def test_a_task_that_waits_long_is_told(look):
    service = Service()
    service.begin(running=False)
    service.pass_time(6 * MINUTE)
    badge, troubles, tones, _ = look(service)
    assert (badge, tones) == (("Tasks wait long", "warn"), {"tile-waiting": "warn"})
    assert troubles.startswith("Tasks wait long The first task of the queue has waited 6 min")


def blocked(seconds):
    service = Service()
    service.pass_time(MINUTE)
    snapshot = service.snapshot()
    late = attrs.evolve(snapshot.service.heartbeat, last_monotonic_seconds=snapshot.taken_monotonic_seconds - seconds)
    return Fixed(attrs.evolve(snapshot, service=attrs.evolve(snapshot.service, heartbeat=late)))


@pytest.mark.parametrize(
    ("seconds", "badge"),
    [
        (0.5, ("Taking tasks", "good")),
        (2.25, ("Event loop is late", "warn")),
        (40.25, ("Event loop is blocked", "bad")),
    ],
)
def test_a_blocked_event_loop_is_told_as_what_it_is(look, seconds, badge):
    assert look(blocked(seconds))[0] == badge


def test_the_worst_trouble_is_the_badge_and_all_are_listed(look):
    service = Service()
    service.end(COMPLETED, 8)
    service.end(FAILED, 4)
    for _ in range(10):
        service.begin(running=False)
    badge, troubles, tones, _ = look(service)
    assert badge == ("Queue is full", "bad")
    assert troubles.index("Queue is full") < troubles.index("Many tasks fail")
    assert tones == {"tile-waiting": "bad", "tile-success": "warn"}


def test_a_storage_that_has_refused_submissions_is_told_at_once(look):
    service = Service()
    service.state.task_rejected(RejectReason.STORAGE)
    badge, troubles, *_ = look(service)
    assert badge == ("Storage failed", "warn")
    assert "It could not be written: 1 submission was refused in the last 5 minutes." in troubles


def test_a_storage_that_falls_behind_is_told(look):
    service = Service()
    snapshot = service.snapshot()
    source = Fixed(attrs.evolve(snapshot, storage=attrs.evolve(snapshot.storage, queue=10_000)))
    badge, troubles, *_ = look(source)
    assert badge == ("Storage falls behind", "warn")
    assert "10K entries wait to be written." in troubles


def test_a_storage_that_cannot_be_written_turns_the_badge_and_one_that_can_turns_it_back(browser):
    service, journal = Service(), Waiting()
    service.state = new_state(service.clock, slots=5, queue_capacity=10, journal=journal)
    with serving(service) as endpoint, browser.tab() as tab:
        tab.open(f"http://127.0.0.1:{endpoint.port}/")
        tab.wait_for_text("#pill", "Taking tasks")
        journal.queued = 12
        service.state.storage_done(StorageOperation.COMMIT, StorageOutcome.ERROR)
        tab.evaluate(ASK_NOW)
        tab.wait_for_text("#pill", "Storage cannot be written")
        assert "No task is accepted until it can be written again; 12 entries wait." in tab.text("#troubles")
        journal.queued = 0
        service.state.storage_committed(0.01)
        tab.evaluate(ASK_NOW)
        tab.wait_for_text("#pill", "Taking tasks")
