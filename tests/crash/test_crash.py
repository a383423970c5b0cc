"""A sample of `make crash`, and whether it would see what it looks for."""

from collections.abc import Sequence

import pytest

from gui_agents.proto import agent_pb2 as pb
from tests.crash.books import Books, Message, Now
from tests.crash.siege import besiege, on_postgres

POINTS = 8
ID = "one"
START: Message = ("starting", "accepted", 1)
STEP: Message = ("step", "step 1: saw Desktop; decided click(x=1, y=1)", 2)
END: Message = ("finished", "completed in 1 step", 3)
REPLY = pb.QueryTaskStatusResponse(
    taskId=ID, status=pb.SUCCESS, message="completed in 1 step", executionStatistics=pb.ExecutionStatistics(steps=1)
)


@pytest.mark.parametrize("resume", ["fail", "requeue"])
async def test_what_clients_were_told_is_true_after_each_kill(resume):
    findings = await besiege(points=POINTS // 2, seed=14, environment={"TASK_RESUME": resume})
    assert findings.problems == []
    assert findings.acknowledged > POINTS


@pytest.mark.system_tools
async def test_the_same_on_postgresql(postgres_running):
    findings = await besiege(points=POINTS // 2, seed=15, environment=on_postgres(postgres_running))
    assert findings.problems == []
    assert findings.acknowledged > POINTS


def books() -> Books:
    """Return the books of a client that was told of a task and its end, in every way."""
    books = Books()
    books.acknowledged(ID, "do it", 1)
    books.followed(ID, [START, STEP, END])
    books.queried(REPLY)
    return books


def changed(**fields: object) -> pb.QueryTaskStatusResponse:
    reply = pb.QueryTaskStatusResponse()
    reply.CopyFrom(REPLY)
    for name, value in fields.items():
        setattr(reply, name, value)
    return reply


def test_a_service_that_agrees_has_no_disagreement():
    assert list(books().disagreements(ID, Now(REPLY, [START, STEP, END]))) == []


@pytest.mark.parametrize(
    ("reply", "messages", "disagreement"),
    [
        (pb.QueryTaskStatusResponse(taskId=ID, status=pb.NOT_FOUND), [], "lost"),
        (changed(status=pb.FAILURE), [START, STEP, END], "its end was 3, and is 4"),
        (changed(result="another"), [START, STEP, END], "its end was"),
        (REPLY, [START, END], "its stream was"),
        (REPLY, [START, STEP, END, END], "has the last messages"),
        (REPLY, [START, STEP], "has the last messages"),
        (REPLY, [STEP, END], "begins with"),
        (REPLY, [START, STEP, ("error", "completed in 1 step", 3)], "ends with error"),
        (REPLY, [START, STEP, ("finished", "done", 3)], "its stream says 'done'"),
        (REPLY, [START, ("step", "step 2: saw", 2), END], "has the steps [2]"),
        (REPLY, [START, STEP, ("step", "step 2: saw", 2), END], "has 2 steps, and its statistics 1"),
        (pb.QueryTaskStatusResponse(taskId=ID, status=pb.SUCCESS), [START, STEP, END], "has no statistics"),
    ],
)
def test_every_disagreement_is_seen(reply: pb.QueryTaskStatusResponse, messages: Sequence[Message], disagreement: str):
    found = list(books().disagreements(ID, Now(reply, messages)))
    assert [text for text in found if disagreement in text], found


def test_two_ends_that_differ_are_a_contradiction():
    told = books()
    told.cancelled(ID)
    assert told.contradictions == ["one had ended as 3, and now as 6"]


def test_an_ended_task_that_runs_again_is_a_contradiction():
    told = books()
    told.queried(changed(status=pb.RUNNING))
    assert told.contradictions == ["one had ended as 3, and is 2"]
