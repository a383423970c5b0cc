"""What clients were told of their tasks, and what a later service says that does not agree with it."""

import re
from collections.abc import Iterator, Sequence

import attrs

from gui_agents.proto import agent_pb2 as pb

STATUSES = {"finished": pb.SUCCESS, "error": pb.FAILURE, "cancelled": pb.CANCELLED}
"""The status of a task by the stage of its last message."""
ENDED = frozenset(STATUSES.values())
DONE = "decided done("
STEP = re.compile(r"step (\d+): ")

Message = tuple[str, str, int]
"""Stage, text and time."""


def message_of(message: pb.TaskStream) -> Message:
    """Return what a client can compare of a message."""
    return message.stage, message.message, message.timestamp.ToNanoseconds()


@attrs.define
class Told:
    """What one client was told of one task."""

    instruction: str
    acted: bool = False
    """Whether it was seen to have done something."""
    ended: int | None = None
    """The status of its end."""
    reply: bytes | None = None
    """The whole status of its end, as it was queried."""
    messages: tuple[Message, ...] | None = None
    """All messages of its stream, if they were followed to the end."""
    life: int = 0
    """Which service has acknowledged it."""


@attrs.frozen
class Now:
    """What a service says of a task."""

    reply: pb.QueryTaskStatusResponse
    messages: Sequence[Message]


class Books:
    """All tasks that any service has acknowledged, by id."""

    def __init__(self) -> None:
        self.tasks: dict[str, Told] = {}
        self.contradictions: list[str] = []
        """What one service has told differently at different times."""

    def acknowledged(self, task_id: str, instruction: str, life: int) -> None:
        """Write down a task that a client may rely on."""
        self.tasks.setdefault(task_id, Told(instruction, life=life))

    def queried(self, reply: pb.QueryTaskStatusResponse) -> None:
        """Write down the status of a task."""
        told = self.tasks[reply.taskId]
        if reply.status in ENDED:
            self._ended(reply.taskId, reply.status)
            told.reply = reply.SerializeToString(deterministic=True)
        elif told.ended is not None:
            self.contradictions.append(f"{reply.taskId} had ended as {told.ended}, and is {reply.status}")

    def cancelled(self, task_id: str) -> None:
        """Write down a cancel that was successful."""
        self._ended(task_id, pb.CANCELLED)

    def followed(self, task_id: str, messages: Sequence[Message]) -> None:
        """Write down what a stream has said so far."""
        told = self.tasks[task_id]
        told.acted = told.acted or any(stage == "step" and DONE not in text for stage, text, _ in messages)
        if messages and messages[-1][0] in STATUSES:
            self._ended(task_id, STATUSES[messages[-1][0]])
            told.messages = tuple(messages)

    def _ended(self, task_id: str, status: int) -> None:
        told = self.tasks[task_id]
        if told.ended not in (None, status):
            self.contradictions.append(f"{task_id} had ended as {told.ended}, and now as {status}")
        told.ended = status

    def disagreements(self, task_id: str, now: Now) -> Iterator[str]:
        """Yield what a service says of a task that clients were told otherwise."""
        told, reply = self.tasks[task_id], now.reply
        if reply.status == pb.NOT_FOUND:
            yield "lost"
            return
        if told.ended is not None and reply.status != told.ended:
            yield f"its end was {told.ended}, and is {reply.status} ({reply.message})"
        if told.reply is not None and reply.SerializeToString(deterministic=True) != told.reply:
            yield f"its end was {pb.QueryTaskStatusResponse.FromString(told.reply)}, and is {reply}"
        if told.messages is not None and tuple(now.messages) != told.messages:
            yield f"its stream was {told.messages}, and is {now.messages}"
        if reply.status in ENDED:
            yield from torn(now)


def torn(now: Now) -> Iterator[str]:
    """Yield what does not fit together in a task that has ended."""
    stages = [stage for stage, _, _ in now.messages]
    last = [stage for stage in stages if stage in STATUSES]
    if stages[:1] != ["starting"]:
        yield f"its stream begins with {stages[:1]}"
    if len(last) != 1 or stages[-1:] != last:
        yield f"its stream has the last messages {last}, and ends with {stages[-1:]}"
    elif STATUSES[last[0]] != now.reply.status:
        yield f"its stream ends with {last[0]}, and its status is {now.reply.status}"
    elif now.messages[-1][1] != now.reply.message:
        yield f"its stream says {now.messages[-1][1]!r}, and its status {now.reply.message!r}"
    if not now.reply.HasField("executionStatistics"):
        yield "it has no statistics"
    told = _steps_of_last_attempt(now.messages)
    if told != list(range(1, len(told) + 1)):
        yield f"its stream has the steps {told}"
    if len(told) > now.reply.executionStatistics.steps:
        yield f"its stream has {len(told)} steps, and its statistics {now.reply.executionStatistics.steps}"


def _steps_of_last_attempt(messages: Sequence[Message]) -> list[int]:
    steps: list[int] = []
    for stage, text, _ in messages:
        if stage == "starting":
            steps = []
        elif stage == "step" and (found := STEP.match(text)):
            number = int(found[1])
            if number not in steps[-1:]:
                steps.append(number)
    return steps
