"""What every store promises, in tests that name the promise; `test_any_history` draws the rest.

A module that imports these tests runs them with its fixtures `store` (open, empty) and `another` (a factory of closed
stores of the same tasks).
"""

import threading
from decimal import Decimal
from itertools import count

import attrs
import pytest

from gui_agents.domain.journal import DaySpent, TaskRequeued, TaskStarted
from gui_agents.domain.lifecycle import FailureReason, TaskStatus
from gui_agents.domain.secret import Secret
from gui_agents.domain.spec import Endpoint, LLMSettings, ModelChoice, RunningConfig
from gui_agents.domain.storage import CursorError, StorageError, StorageStartError, TaskFilter, TaskOrder
from tests.gui_agents.storage.entries import EPOCH, STATISTICS, TIMEOUT, created, ended, spec, stepped, told, whole

EVERYTHING = TaskFilter()


def ids(store, wanted=EVERYTHING, order=TaskOrder.CREATED, *, descending=False, limit=100):
    return [task.task_id for task in store.tasks(wanted, order, descending=descending, limit=limit).tasks]


def test_what_was_written_is_there_after_a_restart(another):
    first = another()
    first.open()
    first.write([*whole("a"), created("b"), DaySpent(day=19_000, currency="USD", amount=Decimal("0.1"))])
    said = [first.task("a"), first.messages("a"), first.steps("a"), first.history("a"), first.unfinished()]
    first.close()
    second = another()
    second.open()
    assert [second.task("a"), second.messages("a"), second.steps("a"), second.history("a"), second.unfinished()] == said
    assert [task.record.task_id for task in second.unfinished()] == ["b"]
    assert second.spent(19_000) == {"": {"USD": Decimal("0.1")}}


def test_a_second_service_is_refused_and_told_which_variable_to_change(another):
    first, second = another(), another()
    first.open()
    with pytest.raises(StorageStartError, match=r"another service has"):
        second.open()
    first.close()
    second.open()


def test_a_closed_store_writes_nothing(another):
    store = another()
    store.open()
    store.close()
    store.close()
    with pytest.raises(StorageError):
        store.write([created("a")])


def test_a_batch_is_written_whole_or_not_at_all(another):
    store = another()
    store.open()
    broken = attrs.evolve(created("b"), attempt=2**70)
    with pytest.raises(Exception, match=r"."):
        store.write([created("a"), broken])
    assert store.unfinished() == []
    store.write([created("a")])
    assert ids(store) == ["a"]


def test_a_batch_that_comes_twice_is_one(store):
    batch = [*whole("a"), created("b"), TaskStarted(task_id="b", attempt=1, started_at=EPOCH), stepped("b")]
    store.write(batch)
    said = [store.task("a"), store.task("b"), store.messages("a"), store.steps("b"), store.counts(EVERYTHING)]
    store.write(batch)
    assert [store.task("a"), store.task("b"), store.messages("a"), store.steps("b"), store.counts(EVERYTHING)] == said


def test_who_has_lost_a_task_changes_nothing_of_it_any_more(store):
    store.write([created("a"), TaskStarted(task_id="a", attempt=1, started_at=EPOCH), stepped("a"), told("a", 0)])
    store.write([TaskRequeued(task_id="a", attempt=2)])
    requeued = store.task("a")
    assert requeued.attempt == 2
    assert requeued.record.status is TaskStatus.PENDING
    store.write([told("a", 1, "late"), stepped("a", 1), ended("a", TIMEOUT)])
    assert store.task("a") == requeued
    assert [message.text for message in store.messages("a")] == ["a step"]
    store.write([stepped("a", attempt=2), ended("a", attempt=2)])
    assert store.task("a").record.status is TaskStatus.COMPLETED
    assert [step.attempt for step in store.steps("a")] == [1, 2]


def test_a_task_that_has_ended_is_not_taken_over(store):
    store.write(whole("a"))
    said = store.task("a")
    store.write([TaskRequeued(task_id="a", attempt=2)])
    assert store.task("a") == said


def test_an_unknown_task_has_nothing(store):
    assert store.task("nobody") is None
    assert [*store.messages("nobody"), *store.steps("nobody"), *store.history("nobody").turns] == []
    store.write([told("nobody", 0), stepped("nobody"), ended("nobody")])
    assert store.task("nobody") is None


def test_no_key_is_stored_and_tasks_that_had_one_say_so(store):
    operators = Endpoint(provider="openai", model="m", base_url="https://h/v1", api_key=Secret("sk-operators-key"))
    with_key = RunningConfig(stages={"actionGeneratorModel": LLMSettings(api_key=Secret("sk-requests-key"))})
    store.write(
        [
            created("own", spec(model=ModelChoice("openai", "m", operators))),
            created("brought", spec(config=with_key)),
            created("said", spec("type sk-operators-key", model=ModelChoice("openai", "m", operators))),
        ]
    )
    tasks = {task.record.task_id: task for task in store.unfinished()}
    assert {name: task.keys_forgotten for name, task in tasks.items()} == {"own": False, "brought": True, "said": True}
    assert tasks["said"].record.spec.instruction == "type ********"
    assert tasks["own"].record.spec.model.endpoint.api_key.reveal() == "********"


def test_what_a_day_has_cost_is_kept_for_each_owner_and_currency_and_the_newest_amount_counts(store):
    amounts = [("", "USD", 3), ("ann", "USD", 1), ("ann", "CNY", 5), ("*", "USD", 2), ("ann", "USD", "1.25")]
    spent = [
        DaySpent(day=19_000, currency=currency, amount=Decimal(amount), owner=owner)
        for owner, currency, amount in amounts
    ]
    store.write([*spent, DaySpent(day=19_001, currency="USD", amount=Decimal(7), owner="ann")])
    store.write(spent)
    ann = {"USD": Decimal("1.25"), "CNY": Decimal(5)}
    assert store.spent(19_000) == {"": {"USD": Decimal(3)}, "ann": ann, "*": {"USD": Decimal(2)}}
    assert store.spent(19_001) == {"ann": {"USD": Decimal(7)}}
    assert store.spent(18_999) == {}


@pytest.mark.parametrize(("before", "days"), [(float("-inf"), 2), (19_000 * 86_400, 2), (float("inf"), 0)])
def test_what_old_days_have_cost_goes_with_their_tasks(store, before, days):
    store.write(
        [
            DaySpent(day=day, currency="USD", amount=Decimal(day), owner=owner)
            for day in (19_000, 19_001)
            for owner in ("", "ann")
        ]
    )
    store.expire(ended_before=before, max_bytes=None)
    assert sum(len(store.spent(day)) for day in (19_000, 19_001)) == 2 * days


@pytest.mark.parametrize("order", TaskOrder)
@pytest.mark.parametrize("descending", [True, False])
def test_pages_have_every_task_once_though_tasks_are_added_meanwhile(store, order, descending):
    numbers = count(100)
    store.write([entry for number in range(9) for entry in whole(f"{number}", at=EPOCH + number % 3)])
    seen, cursor = [], ""
    while True:
        page = store.tasks(EVERYTHING, order, descending=descending, limit=2, cursor=cursor)
        seen += [task.task_id for task in page.tasks]
        cursor = page.next_cursor
        if not cursor:
            break
        new = next(numbers)
        store.write(whole(f"{new}", at=EPOCH - new if descending else EPOCH + new))
        if len(seen) > 60:
            pytest.fail("the list does not end")
        if len(seen) >= 9:
            break
    assert len(seen) == len(set(seen))
    assert {f"{number}" for number in range(9)} <= set(ids(store, order=order, descending=descending)[:9]) | set(seen)


@pytest.mark.parametrize("cursor", ["nonsense", "W10=", "é", "WyJhIiwwLDEsMl0=", "\udc80", "[" * 50_000])
def test_a_cursor_of_somebody_else_is_refused(store, cursor):
    store.write(whole("a"))
    with pytest.raises(CursorError):
        store.tasks(EVERYTHING, TaskOrder.CREATED, descending=True, limit=1, cursor=cursor)


def test_a_cursor_of_another_list_is_refused(store):
    store.write([*whole("a"), *whole("b")])
    cursor = store.tasks(EVERYTHING, TaskOrder.CREATED, descending=True, limit=1).next_cursor
    for wanted, order, descending in [
        (EVERYTHING, TaskOrder.CREATED, False),
        (EVERYTHING, TaskOrder.COST, True),
        (TaskFilter(owner=""), TaskOrder.CREATED, True),
    ]:
        with pytest.raises(CursorError):
            store.tasks(wanted, order, descending=descending, limit=1, cursor=cursor)


TEXTS = ("Öffne die Straße", "click\0 a_b%c", "打开窗口", 'say "hello, world" twice', "Ωmega 👩‍👩‍👧", "C:\\temp\\*.txt")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("öFFNE", [0]),
        ("STRASSE", [0]),
        ("ß", [0]),
        ("打开", [2]),
        ("口", [2]),
        ("_b%", [1]),
        ("%", [1]),
        ("_", [1]),
        ('"hello, world"', [3]),
        ('"', [3]),
        ("ωMEGA", [4]),
        ("👩‍👧", [4]),
        ("\\temp\\*", [5]),
        ("k\0 ", [1]),
        (" ", [0, 1, 3, 4]),
        ("OR NOT", []),
        ("hello world", []),
    ],
)
def test_a_text_is_found_in_any_script_and_case_and_means_only_itself(store, text, found):
    store.write([created(f"{number}", spec(each)) for number, each in enumerate(TEXTS)])
    assert ids(store, TaskFilter(text=text)) == [f"{number}" for number in found]


def test_many_instructions_are_found_as_few_are(store):
    batch = [created(f"{number}", spec(f"instruction {number} of many")) for number in range(600)]
    store.write(batch[:300])
    store.write(batch[300:])
    for text, number in [("N 17 OF", 17), ("n 599 o", 599), ("n 255 ", 255), ("n 256 ", 256)]:
        assert ids(store, TaskFilter(text=text)) == [f"{number}"]
    assert len(ids(store, TaskFilter(text="of MANY"), limit=1000)) == 600


def test_sums_are_exact(store):
    tiny = attrs.evolve(STATISTICS, cost=Decimal("0.1"))
    huge = attrs.evolve(STATISTICS, cost=Decimal("12345678901234567890.000000000000000001"))
    last = [attrs.evolve(ended(f"{number}"), statistics=tiny) for number in range(3)]
    store.write([created(f"{number}") for number in range(5)] + last)
    store.write([attrs.evolve(ended("3", TIMEOUT), statistics=huge)])
    counts = store.counts(EVERYTHING)
    assert counts.costs == {"USD": Decimal("12345678901234567890.300000000000000001")}
    assert counts.statuses == {TaskStatus.COMPLETED: 3, TaskStatus.FAILED: 1, TaskStatus.PENDING: 1}
    assert counts.reasons == {FailureReason.TIMEOUT: 1}
    assert (counts.steps, counts.input_tokens, counts.output_tokens) == (4, 4000, 120)
    assert counts.execution_seconds == 32.0


def test_tasks_go_with_all_that_belongs_to_them_once_they_are_too_old(store):
    store.write([*whole("old"), *whole("new", at=EPOCH + 100), created("waits", at=EPOCH - 100)])
    assert [*store.expire(ended_before=EPOCH + 50, max_bytes=None)] == ["old"]
    assert [*store.expire(ended_before=EPOCH + 50, max_bytes=None)] == []
    assert store.task("old") is None
    assert [*store.messages("old"), *store.steps("old"), *store.history("old").turns] == []
    assert ids(store, TaskFilter(text="calculate")) == ["waits", "new"]
    store.write([told("old", 3), *whole("old", spec("anew"))])
    assert ids(store, TaskFilter(text="anew")) == ["old"]


def test_the_oldest_go_first_while_there_are_too_many_bytes(store):
    for number in range(50):
        store.write(whole(f"{number}", spec(f"{number} " + "long " * 1000), at=EPOCH + number))
    most = store.size_bytes() * 2 // 3
    gone = []
    while expired := store.expire(ended_before=0.0, max_bytes=most):
        gone += expired
    assert gone == [f"{number}" for number in range(len(gone))]
    assert 10 < len(gone) < 30
    assert store.size_bytes() <= most


def test_one_call_deletes_a_bounded_number(store):
    store.write([entry for number in range(250) for entry in whole(f"{number}")])
    numbers = []
    while expired := store.expire(ended_before=EPOCH + 1000, max_bytes=None):
        numbers.append(len(expired))
    assert numbers == [100, 100, 50]


def test_readers_see_whole_batches_while_one_writes(store):
    halves, wrong, done = [], [], threading.Event()

    def read():
        while not done.is_set():
            halves.extend(set(store.counts(EVERYTHING).statuses) - {TaskStatus.COMPLETED})
            newest = ids(store, descending=True, limit=5)
            wrong.extend(task_id for task_id in newest if len(store.messages(task_id)) != 3)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for number in range(60):
        store.write(whole(f"{number}"))
    done.set()
    for reader in readers:
        reader.join()
    assert halves + wrong == []
    assert store.counts(EVERYTHING).statuses == {TaskStatus.COMPLETED: 60}
