"""Hypothesis strategies of what is stored: requests, conversations, entries, filters."""

import string
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from hypothesis import strategies as st

from gui_agents.domain.actions import ACTIONS, Button
from gui_agents.domain.cloud import Account, Authorization, CloudOrder, SandboxKind
from gui_agents.domain.journal import (
    DaySpent,
    Entry,
    MessagePublished,
    SandboxGiven,
    Step,
    StepRecorded,
    TaskCreated,
    TaskEnded,
    TaskRequeued,
    TaskStarted,
)
from gui_agents.domain.lifecycle import TERMINAL, Ending, FailureReason, TaskEvent, TaskStatus
from gui_agents.domain.model import History, Turn
from gui_agents.domain.model_settings import ModelSettings
from gui_agents.domain.sandbox import SandboxInfo, SandboxType
from gui_agents.domain.secret import Secret
from gui_agents.domain.spec import Endpoint, LLMSettings, Mode, ModelChoice, RunningConfig, TaskSpec
from gui_agents.domain.storage import TaskFilter
from gui_agents.domain.stream import Stage, StreamMessage
from gui_agents.domain.task import TaskStatistics

KEYS = ("sk-0123456789", "short", 'quoted","backend":"', "öffne dich, Sesam")
TASK_IDS = ("3f1c6a52", "b2f0", "ünï", "half \udc80", "nul\0")
WORDS = (
    "Click",
    "ÖFFNE",
    "das Fenster",
    "打开",
    "straße",
    "İ",
    "\0",
    "\udc80",
    "\ud83d",
    "a%_b",
    '"quoted"',
    "\x01",
    " ",
)
EVENTS = {
    TaskStatus.COMPLETED: TaskEvent.COMPLETE,
    TaskStatus.FAILED: TaskEvent.FAIL,
    TaskStatus.CANCELLED: TaskEvent.CANCEL,
}

plain_texts = st.lists(st.sampled_from([*WORDS, *KEYS, string.ascii_letters]), max_size=4).map(" ".join)
texts = plain_texts | st.text(st.characters(exclude_categories=()), max_size=20)
"""Also NUL, and halves of characters."""
seconds = st.floats(0, 1e6, allow_subnormal=False) | st.sampled_from([0.0, 1.0, 2.5])
instants = st.sampled_from([1e9, 1e9 + 0.25, 1e9 + 86_400]) | st.floats(1e9, 2e9)
counts = st.integers(0, 2**40) | st.integers(0, 3)
amounts = st.decimals(0, 10**13, allow_nan=False, allow_infinity=False) | st.sampled_from(
    [Decimal(0), Decimal("0.00"), Decimal("1E+3"), Decimal("1E-30"), Decimal("0.1"), Decimal("0.10"), Decimal("10.01")]
)
currencies = st.none() | st.sampled_from(["USD", "CNY"])
secrets = st.none() | st.sampled_from(KEYS).map(Secret)
statistics = st.builds(TaskStatistics, counts, counts, counts, amounts, currencies)
sandboxes = st.builds(SandboxInfo, texts, st.sampled_from(SandboxType), texts)
endpoints = st.builds(
    Endpoint,
    provider=texts,
    model=texts,
    base_url=texts,
    api_key=secrets,
    key_header=st.none() | texts,
    settings=st.just(ModelSettings(headers={"Authorization": "hidden"}, extra_body={"a": 1})),
    configured=st.booleans(),
)
models = st.builds(ModelChoice, st.sampled_from(["openai", "x\0"]), st.sampled_from(["m", "openai/m"]))
own_models = st.builds(ModelChoice, texts, texts, endpoints)
accounts = st.builds(
    Account,
    organization=texts,
    api_key=st.sampled_from(KEYS).map(Secret),
    base_url=texts,
    configured=st.booleans(),
    of_operator=st.booleans(),
    named_by=texts,
)
kinds = st.builds(SandboxKind, shape=texts, os=st.none() | st.sampled_from(SandboxType))
settings = st.builds(LLMSettings, model=texts, provider=st.none() | texts, api_key=secrets, endpoint=st.none() | texts)
configs = st.builds(
    RunningConfig,
    backend=st.none() | texts,
    mode=st.sampled_from(Mode),
    steps=st.none() | st.integers(1, 100),
    timeout_seconds=st.none() | seconds,
    authorization=st.none() | st.builds(Authorization, texts, secrets, st.none() | texts),
    stages=st.dictionaries(texts, settings, max_size=2).map(MappingProxyType),
)
specs = st.builds(
    TaskSpec,
    instruction=texts,
    backend=st.sampled_from(["simulated", "x11"]) | texts,
    steps=st.integers(1, 100),
    timeout_seconds=seconds,
    model=models | own_models,
    config=configs,
    destroy_sandbox=st.booleans(),
    previous_task_id=st.none() | texts,
    sandbox_id=st.none() | texts,
    cloud=st.none() | st.builds(CloudOrder, account=accounts, kind=kinds),
    owner=st.sampled_from(["", "ann", "böb\0"]),
    unused=st.lists(texts, max_size=2).map(tuple),
)


def _action(cls: Any) -> st.SearchStrategy[Any]:
    drawn = {"int": st.integers(0, 99), "float": seconds, "str": texts, "Button": st.sampled_from(Button)}
    keys = st.lists(st.sampled_from(["ctrl", "s", "ö"]), min_size=1, max_size=3).map(tuple)
    fields = cls.__attrs_attrs__
    return st.builds(cls, **{field.name: drawn.get(_named(field.type), keys) for field in fields})


def _named(hint: Any) -> str:
    return hint if isinstance(hint, str) else hint.__name__


actions = st.none() | st.one_of([_action(cls) for cls in ACTIONS.values()])
turns = st.builds(Turn, texts, actions, texts, texts, texts)
histories = st.builds(History, st.lists(turns, max_size=2).map(tuple), counts)
steps = st.builds(
    Step,
    number=st.integers(1, 9),
    action=actions,
    rationale=texts,
    outcome=texts,
    seconds=seconds,
    tokens=counts,
    cost=amounts,
    currency=currencies,
    picture=st.none() | texts,
)
messages = st.builds(StreamMessage, st.sampled_from(Stage), texts, instants)


@st.composite
def endings(draw: st.DrawFn) -> tuple[TaskStatus, Ending]:
    status = draw(st.sampled_from(sorted(TERMINAL)))
    reason = draw(st.sampled_from(FailureReason)) if status is TaskStatus.FAILED else None
    return status, Ending(event=EVENTS[status], message=draw(texts), result=draw(texts), reason=reason)


@st.composite
def entries(draw: st.DrawFn) -> Entry:
    """Draw one entry of one of a few tasks; many come too late, twice, or for a task that was never created."""
    kinds = (TaskCreated, TaskRequeued, TaskStarted, SandboxGiven, MessagePublished, StepRecorded, TaskEnded, DaySpent)
    cls = draw(st.sampled_from(kinds))
    if cls is DaySpent:
        day, currency = draw(st.integers(11_000, 11_002)), draw(st.sampled_from(["USD", "CNY"]))
        owner = draw(st.sampled_from(["", "*", "ann", "half \udc80"]))
        return DaySpent(day=day, currency=currency, amount=draw(amounts), owner=owner)
    known: dict[str, Any] = {
        "task_id": draw(st.sampled_from(TASK_IDS)),
        "attempt": draw(st.sampled_from([1, 1, 1, 2, 3])),
    }
    parts: dict[type, dict[str, st.SearchStrategy[Any]]] = {
        TaskCreated: {"spec": specs, "created_at": instants, "attempt": st.just(1)},
        TaskRequeued: {},
        TaskStarted: {"started_at": instants},
        SandboxGiven: {"sandbox": sandboxes},
        MessagePublished: {"position": st.integers(0, 3), "message": messages},
        StepRecorded: {"position": st.integers(0, 2), "at": instants, "step": steps, "statistics": statistics},
        TaskEnded: {
            "statistics": statistics,
            "execution_seconds": seconds,
            "ended_at": instants,
            "history": histories,
        },
    }
    known |= {name: draw(strategy) for name, strategy in parts[cls].items()}
    if cls is TaskEnded:
        known["status"], known["ending"] = draw(endings())
    return cls(**known)


batches = st.lists(entries(), min_size=1, max_size=8)


def several(values: Any) -> st.SearchStrategy[frozenset[Any]]:
    return st.frozensets(st.sampled_from(values), max_size=2)


filters = st.builds(
    TaskFilter,
    statuses=several(list(TaskStatus)),
    reasons=st.just(frozenset()) | several(list(FailureReason)),
    models=st.just(frozenset()) | several(["openai/m", "x\0/m", "x\0/openai/m", "none"]),
    backends=st.just(frozenset()) | several(["simulated", "x11", "\udc80"]),
    owner=st.none() | st.sampled_from(["", "ann", "böb\0", "nobody"]),
    created_from=st.none() | instants,
    created_before=st.none() | instants,
    text=st.just("") | st.sampled_from([*WORDS, "click", "STRASSE", "öffne das", "k ö", "x", "a%_b "]) | texts,
    min_cost=st.none() | amounts,
    max_cost=st.none() | amounts,
    min_seconds=st.none() | seconds,
    max_seconds=st.none() | seconds,
    # Ids are UUIDs: the beginning of one has no other characters.
    id_prefix=st.just("") | st.sampled_from(["3", "3f1c6a52", "b2f", "b2f0-", "B2", "%"]),
)
